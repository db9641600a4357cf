const Sentry = require("@sentry/node");

Sentry.init({ dsn: process.env.SENTRY_DSN, release: "shop@2.0.0", environment: "production" });
Sentry.addBreadcrumb({ category: "ui", message: "pressed the button" });

function price(row) {
  return row.amount.value * 2;
}

price({ sku: "LAMP-04" });
