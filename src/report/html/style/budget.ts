// The page of error budgets: cards with a picture each.

export const budgetStyle = `
.budget-card figure{margin-top:14px}
.budget-curve .threshold{stroke:var(--bad)}
.budget-card .tick text{font-size:11px;font-variant-numeric:tabular-nums}
.burn-rates{display:flex;flex-wrap:wrap;gap:2px 16px;font-variant-numeric:tabular-nums}
.burn-rates strong{font-weight:650}
.burns{color:var(--bad)}
`;
