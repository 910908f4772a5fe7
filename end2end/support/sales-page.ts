// The sales page as a person sees it: roles, labels and words.

import { type Locator, type Page, expect } from '@playwright/test';

export const SALES = '/dashboard/sales';

const COLUMNS = ['Date', 'Affiliate', 'Type', 'Source', 'Amount', 'Commission', 'Status', 'Processor'] as const;
const TOTALS = ['Sales', 'Amount', 'Commission', 'Pending', 'Approved', 'Paid'] as const;

type Column = (typeof COLUMNS)[number];
type Total = (typeof TOTALS)[number];

export class SalesPage {
  readonly table: Locator;
  readonly rows: Locator;

  constructor(readonly page: Page) {
    this.table = page.getByRole('table', { name: 'Sales, newest first' });
    this.rows = this.table.getByRole('row').filter({ has: page.getByRole('cell') });
  }

  /** The rows that contain a text. */
  row(text: string): Locator {
    return this.rows.filter({ hasText: text });
  }

  /** One cell of a row. */
  cell(row: Locator, column: Column): Locator {
    return row.getByRole('cell').nth(COLUMNS.indexOf(column));
  }

  /** Expects what a row says in some of its columns. */
  async says(row: Locator, expected: Partial<Record<Column, string | RegExp>>): Promise<void> {
    for (const [column, text] of Object.entries(expected)) {
      await expect(this.cell(row, column as Column), column).toContainText(text);
    }
  }

  /** Everything in a column, from the top. */
  async column(column: Column): Promise<string[]> {
    const cells = await this.table.getByRole('cell').allTextContents();
    const at = COLUMNS.indexOf(column);
    return cells.filter((_, index) => index % COLUMNS.length === at);
  }

  /** Expects some of the totals. */
  async totals(expected: Partial<Record<Total, string>>): Promise<void> {
    const strip = this.page.getByRole('region', { name: 'Totals of what is listed' });
    for (const [name, text] of Object.entries(expected)) {
      const at = TOTALS.indexOf(name as Total);
      await expect(strip.getByRole('term').nth(at)).toHaveText(name);
      await expect(strip.getByRole('definition').nth(at), `total ${name}`).toHaveText(text);
    }
  }

  chip(name: 'All' | 'Sales' | 'Leads'): Locator {
    return this.page.getByRole('list', { name: 'Type' }).getByRole('link', { name });
  }

  /** Expects the counts on the chips. */
  async chips(all: number, sales: number, leads: number): Promise<void> {
    await expect(this.chip('All')).toHaveText(`All${all}`);
    await expect(this.chip('Sales')).toHaveText(`Sales${sales}`);
    await expect(this.chip('Leads')).toHaveText(`Leads${leads}`);
  }

  /** Waits until changes are told. */
  async live(): Promise<void> {
    await expect(this.page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible();
  }

  /** Opens a filter; returns where its controls are. */
  async open(filter: string): Promise<Locator> {
    const filters = this.page.getByRole('group', { name: 'Filters' });
    await filters.getByText(filter, { exact: true }).click();
    return filters;
  }
}

/** Remembers this document: a page load would lose the mark. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { marked: true }));
}

/** Is it still the document that was marked? */
export function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => 'marked' in window);
}
