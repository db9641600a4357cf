import * as Sentry from "@sentry/browser";

Sentry.init({ dsn: new URLSearchParams(location.search).get("dsn")!, release: "web@3.18.2" });

document.querySelector("button")!.addEventListener("click", function placeOrder() {
  const order: { id?: { value: string } } = {};
  console.log(order.id!.value);
});
