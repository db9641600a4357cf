import sentry_sdk
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

sentry_sdk.init(release="shop@2.0.0", send_default_pii=True)


class OrderNotFound(Exception):
    pass


def load(order_id):
    try:
        return {}[order_id]
    except KeyError as error:
        raise OrderNotFound(f"no such order: {order_id}") from error


def chained():
    try:
        load(7)
    except OrderNotFound:
        sentry_sdk.capture_exception()


def group():
    try:
        raise ExceptionGroup("batch failed", [ValueError("row 3"), TypeError("row 5")])
    except ExceptionGroup:
        sentry_sdk.capture_exception()


async def broken(request):
    sentry_sdk.set_user({"id": "u-17", "email": "dana@example.org"})
    sentry_sdk.set_tag("component", "checkout")
    return 1 / int(request.query_params["by"])


sentry_sdk.capture_message("stock is low", level="warning")
chained()
group()
app = Starlette(routes=[Route("/checkout", broken)])
web = TestClient(app, raise_server_exceptions=False)
web.get("/checkout?by=0&token=s3cr3t", headers={"Authorization": "Bearer abc"})
sentry_sdk.flush()
