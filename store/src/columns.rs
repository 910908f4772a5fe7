//! Many rows as the columns of one statement.

/// Columns of a statement in the making: one vector per column, one `push` per row.
macro_rules! columns {
    ($rows:expr, $row:pat => { $($name:ident: $type:ty = $value:expr),+ $(,)? }) => {
        $(let mut $name: Vec<$type> = Vec::with_capacity($rows.len());)+
        for $row in $rows { $($name.push($value);)+ }
    };
}

pub(crate) use columns;
