import * as Sentry from "@sentry/browser";

Sentry.init({ dsn: new URLSearchParams(location.search).get("dsn")!, release: "web@3.18.2" });

document.querySelector("button")!.addEventListener("click", function placeOrder() {
  const order: { id?: { value: string } } = {};
  console.log(order.id!.value);
});

document.querySelector("button.help")!.addEventListener("click", function askForHelp() {
  const eventId = Sentry.captureException(new Error("could not pay"));
  Sentry.showReportDialog({ eventId, title: "Sorry about that" });
});
