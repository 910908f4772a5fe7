//! Parts: pure views. Props in, view out; none of them loads data.

pub mod badge;
pub mod chips;
pub mod copy;
pub mod date_filter;
pub mod filter_bar;
pub mod first_steps;
pub mod form;
pub mod icon;
pub mod live_mark;
pub mod nav;
pub mod option_filter;
pub mod pager;
pub mod pill;
pub mod popover;
pub mod sale_cells;
pub mod sales_table;
pub mod select_form;
pub mod state;
pub mod table;
pub mod time;
pub mod totals;
