# ruff: noqa: E501  (a table: one call, one line)
"""What goes wrong in the shop: code, stacks, steps and how often. Data only; `events` makes SDK payloads of it."""

from dataclasses import dataclass, field
from typing import Literal

from lighttrace.demo import web

Pattern = Literal["steady", "new", "spike", "daily", "fading", "rare", "back", "brief"]


@dataclass(frozen=True, slots=True)
class Call:
    """One frame. `code` holds the lines around `line`; the hit is the one marked with `>` at its start."""

    function: str
    file: str
    line: int
    code: str = ""
    vars: dict[str, object] = field(default_factory=dict)
    in_app: bool = True
    column: int = 5  # where in the marked line; browsers say it


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to fix. `values` are the texts it comes with (`{id}` is a fresh number); `cause` is an inner exception."""

    project: str
    type: str
    values: tuple[str, ...]
    calls: tuple[Call, ...]
    pattern: Pattern
    per_day: float
    level: str = "error"
    handled: bool = True
    transaction: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    steps: tuple[tuple[str, str], ...] = ()  # category, message
    cause: tuple[str, str, tuple[Call, ...]] | None = None
    since_release: int = 0  # index into the project's releases: it began with that one
    users: int = 200  # how many different people it meets at most
    flags: dict[str, bool] = field(default_factory=dict)
    began_min: int = 22  # minutes ago: "new" began then, "brief" too, "back" came back
    journey: str = ""  # faults of one journey happen in the same traces


@dataclass(frozen=True, slots=True)
class Project:
    slug: str
    name: str
    platform: str
    sdk: tuple[str, str]
    releases: tuple[str, ...]  # oldest first
    last_out_min: int = 40  # minutes ago the last of them went out, the others four days apart


PROJECTS = (
    Project("shop-web", "Shop web", "javascript", ("sentry.javascript.react", "11.12.0"), ("web@3.17.4", "web@3.18.0", "web@3.18.1", "web@3.18.2")),
    Project("shop-api", "Shop API", "python", ("sentry.python.fastapi", "2.75.0"), ("api@2.3.6", "api@2.4.0", "api@2.4.1"), 314),
    Project("fulfillment", "Fulfillment", "python", ("sentry.python.celery", "2.75.0"), ("fulfillment@1.12.0", "fulfillment@1.12.1"), 55),
    Project("mobile-app", "Mobile app", "java", ("sentry.java.android", "9.8.0"), ("com.example.shop@5.2.0+520", "com.example.shop@5.2.1+521"), 2_900),
)  # fmt: skip

REACT = (
    Call("commitRoot", "node_modules/react-dom/cjs/react-dom-client.production.js", 11284, in_app=False),
    Call("batchedUpdates", "node_modules/react-dom/cjs/react-dom-client.production.js", 1498, in_app=False),
    Call("dispatchEvent", "node_modules/react-dom/cjs/react-dom-client.production.js", 15104, in_app=False),
    Call("performWorkUntilDeadline", "node_modules/scheduler/cjs/scheduler.production.js", 196, in_app=False),
)  # fmt: skip
FASTAPI = (
    Call("__call__", "site-packages/starlette/middleware/errors.py", 164, in_app=False),
    Call("app", "site-packages/starlette/routing.py", 73, in_app=False),
    Call("run_endpoint_function", "site-packages/fastapi/routing.py", 212, in_app=False),
)
CELERY = (
    Call("__protected_call__", "site-packages/celery/app/trace.py", 760, in_app=False),
    Call("trace_task", "site-packages/celery/app/trace.py", 477, in_app=False),
)

PROCESS_PAYMENT = Call(
    "processPayment", "src/checkout/checkout.tsx", 145,
    '''  const res = await api.post("/checkout", { cartId: cart.id, attempt });

  // The order is cleared as soon as the first response lands.
  const order = session.takePendingOrder();

>  track("order_placed", { id: order.orderId, total: cart.total });
  router.push(`/orders/${order.orderId}`);
}
''',
    {"cart.id": "c_9f21", "attempt": 2, "order": None, "res.status": 200},
    column=37,
)  # fmt: skip
ON_SUBMIT = Call(
    "onSubmit", "src/checkout/PlaceOrderButton.tsx", 62,
    '''  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
>    await processPayment(cart, attempt + 1);
    setBusy(false);
  };
''',
    {"attempt": 1, "busy": True},
    column=11,
)  # fmt: skip
CHARGE_CARD = Call(
    "charge_card", "billing/gateway.py", 203,
    '''    response = client.post("/v2/captures", json=payload, timeout=8)
    if response.status_code == 402:
        raise CardDeclined(response.json()["reason"])
    if response.status_code >= 500:
>        raise PaymentError(f"gateway answered {response.status_code} for capture")
    return Capture.parse(response.json())
''',
    {"payload": {"order": "o_48213", "amount": 8990, "currency": "EUR"}, "response": "<Response [502]>", "api_key": "sk_live_51Hx"},
)  # fmt: skip
CHECKOUT_STEPS = (
    ("navigation", "/cart → /checkout"),
    ("ui.click", "button.place-order “Place order”"),
    ("fetch", "POST /api/checkout [200]"),
    ("ui.click", "button.place-order “Place order”"),
)

MINIFIED = tuple(Call(function, web.SCRIPT, 1, column=column) for function, column in web.places())

FAULTS = (
    Fault("shop-web", "TypeError", ("Cannot read properties of undefined (reading 'orderId')",),
          (*REACT, ON_SUBMIT, PROCESS_PAYMENT), "new", 900, handled=False, transaction="/checkout",
          tags={"component": "checkout", "team": "billing", "payment.method": "card", "connection": "4g"},
          steps=CHECKOUT_STEPS, since_release=3, users=312, flags={"fast-checkout": True, "new-cart": True}, journey="checkout"),
    Fault("shop-web", "TypeError", ("Cannot read properties of undefined (reading 'rate')",),
          (*REACT, ON_SUBMIT, Call("processPayment", "src/checkout/checkout.tsx", 131, '''async function processPayment(cart: Cart, attempt: number) {
  const method = cart.shipping.methods.find((m) => m.id === cart.shipping.chosen);
>  const total = cart.subtotal + method.rate.gross;
  track("pay", { total, attempt });
''', {"cart.shipping.chosen": "pickup", "method": None}, column=40)), "steady", 9, handled=False, transaction="/checkout/pickup",
          tags={"component": "checkout", "team": "billing"}, steps=CHECKOUT_STEPS[:2], since_release=1, users=31),
    Fault("shop-api", "PaymentError", ("gateway answered 502 for capture",),
          (*FASTAPI, Call("checkout", "shop/api/checkout.py", 88, '''    order = await orders.reserve(cart)
    try:
>        capture = gateway.charge_card(order, cart.payment)
    except CardDeclined as declined:
        return problem(402, declined)
''', {"order": "<Order o_48213 EUR 89.90>", "cart": "<Cart c_9f21, 3 items>"}), CHARGE_CARD),
          "back", 90, handled=False, transaction="/api/checkout", tags={"team": "billing", "component": "checkout", "region": "eu"},
          steps=(("query", "SELECT … FROM carts WHERE id = %s"), ("http", "POST https://pay.example/v2/captures [502]")), users=360,
          began_min=38, journey="checkout"),
    Fault("shop-api", "PaymentError", ("gateway answered 503 for capture",),
          (*CELERY, Call("retry_captures", "billing/retries.py", 27, '''    for order in orders.uncaptured(older_than=minutes(10)):
        with one_at_a_time(order):
>            gateway.charge_card(order, order.payment)
''', {"order": "<Order o_47960 EUR 24.50>"}), CHARGE_CARD), "rare", 6, transaction="billing.tasks.retry_captures",
          tags={"team": "billing", "region": "eu"}, users=0),
    Fault("fulfillment", "OperationalError", ("canceling statement due to statement timeout",),
          (*CELERY, Call("reserve_stock", "fulfillment/stock.py", 88, '''    with connection.transaction():
        for line in order.lines:
>            rows = connection.execute(RESERVE, {"sku": line.sku, "n": line.count})
            if rows.rowcount == 0:
                raise OutOfStock(line.sku)
''', {"order": "<Order o_48190>", "line": "<Line sku=LAMP-04 n=2>"})),
          "new", 760, level="fatal", handled=False, transaction="fulfillment.tasks.reserve_stock", began_min=47,
          tags={"team": "operations", "queue": "stock"},
          cause=("QueryCanceled", "canceling statement due to statement timeout\nCONTEXT:  while locking tuple (12,40) in relation \"stock\"", (
              Call("execute", "site-packages/psycopg/cursor.py", 97, in_app=False),)),
          steps=(("celery", "reserve_stock received"), ("query", "SELECT … FROM orders WHERE id = %s"), ("query", "UPDATE stock SET reserved = reserved + %s …")), users=260),
    Fault("shop-api", "CouponExpiredError", ("coupon “SPRING” expired 2 days ago but still offered",),
          (*FASTAPI, Call("apply_coupon", "pricing/coupons.py", 57, '''def apply_coupon(cart, code):
    coupon = coupons.find(code)
    if coupon.ends_at < now():
>        raise CouponExpiredError(f"coupon “{code}” expired {ago(coupon.ends_at)} but still offered")
    return cart.discounted(coupon)
''', {"code": "SPRING", "coupon": "<Coupon SPRING 10 %>"})),
          "back", 34, transaction="/api/cart/coupon", tags={"team": "billing", "component": "pricing"}, since_release=2, users=90, began_min=310),
    Fault("shop-api", "TimeoutError", ("upstream payment gateway did not answer within 8000 ms",),
          (*FASTAPI, Call("charge_card", "billing/gateway.py", 198, '''    payload = capture_payload(order, payment)
    started = monotonic()
>    response = client.post("/v2/captures", json=payload, timeout=8)
    if response.status_code == 402:
''', {"order": "<Order o_47711>"})), "daily", 48, transaction="/api/checkout", tags={"team": "billing"}, users=91),
    Fault("shop-web", "ValidationError", ("postcode “{id}” is not valid for delivery to islands",),
          (*REACT[:2], Call("validateAddress", "src/checkout/address.ts", 33, '''export function validateAddress(a: Address) {
  if (islands.has(a.region) && !/^[A-Z]{2}\\d/.test(a.postcode)) {
>    throw new ValidationError(`postcode “${a.postcode}” is not valid for delivery to islands`);
  }
}
''', {"a.region": "shetland"})), "daily", 20, transaction="/checkout/address", tags={"component": "checkout"},
          steps=(("ui.input", "input#postcode"), ("ui.click", "button “Continue”")), users=97),
    Fault("fulfillment", "KeyError", ("'tax_region'",),
          (*CELERY, Call("invoice_lines", "billing/invoice.py", 164, '''    for line in order.lines:
        rate = RATES[line.category]
>        region = order.customer["tax_region"]
        yield InvoiceLine(line, rate.of(region))
''', {"order": "<Order o_31127>", "line": "<Line sku=DESK-11 n=1>"})), "rare", 5, transaction="fulfillment.tasks.invoice",
          tags={"customer": "b2b", "team": "operations"}, users=6),
    Fault("mobile-app", "SlowPaymentSheet", ("payment sheet took {id} ms to open",),
          (Call("com.example.shop.pay.PaymentSheet.openSheet", "PaymentSheet.kt", 212),), "new", 100, level="info",
          transaction="PaymentSheet", tags={"device.class": "mid-range"}, since_release=1, users=49, began_min=21),
    Fault("mobile-app", "java.lang.IllegalStateException", ("Fragment CartFragment{{id}} not attached to a context.",),
          (Call("android.os.Handler.dispatchMessage", "Handler.java", 106, in_app=False),
           Call("androidx.fragment.app.Fragment.requireContext", "Fragment.java", 967, in_app=False),
           Call("com.example.shop.cart.CartFragment.showTotal", "CartFragment.kt", 118),), "steady", 14, handled=False,
          transaction="CartFragment", tags={"device.class": "low-end"}, users=61),
    Fault("mobile-app", "java.net.SocketTimeoutException", ("timeout",),
          (Call("okhttp3.internal.http.RealInterceptorChain.proceed", "RealInterceptorChain.kt", 109, in_app=False),
           Call("com.example.shop.net.ShopApi.products", "ShopApi.kt", 41)), "daily", 22, level="warning", transaction="ProductList", users=80),
    Fault("shop-web", "ChunkLoadError", ("Loading chunk {id} failed. (error: https://shop.example/assets/{id}.js)",),
          (Call("__webpack_require__.f.j", "webpack/runtime/jsonp chunk loading", 27, in_app=False),), "steady", 9,
          transaction="/products", tags={"connection": "3g"}, users=40),
    Fault("shop-web", "AbortError", ("The user aborted a request.",),
          (Call("fetchSuggestions", "src/search/suggest.ts", 21, '''  const response = await fetch(`/api/suggest?q=${q}`, { signal });
>  return (await response.json()) as Suggestion[];
'''),), "daily", 30, level="warning", transaction="/search", tags={"component": "search"}, users=150),
    Fault("shop-web", "RangeError", ("Maximum call stack size exceeded",),
          (*REACT, *(Call("flatten", "src/catalog/tree.ts", 48, '''function flatten(node: Category): Category[] {
>  return [node, ...node.children.flatMap(flatten)];
}
'''),) * 12), "rare", 3, handled=False, transaction="/categories", tags={"component": "catalog"}, users=9),
    Fault("shop-api", "IntegrityError", ("duplicate key value violates unique constraint \"users_email_key\"",),
          (*FASTAPI, Call("sign_up", "shop/api/accounts.py", 51, '''    user = User(email=form.email, name=form.name)
>    session.add(user); session.flush()
    mail.welcome(user)
''', {"form": "SignUp(email='l***@example.org')", "password": "correct horse"})), "steady", 7, transaction="/api/accounts", tags={"team": "accounts"}, users=33),
    Fault("shop-api", "JSONDecodeError", ("Expecting value: line 1 column 1 (char 0)",),
          (*FASTAPI, Call("exchange_rates", "pricing/rates.py", 19, '''def exchange_rates(base):
    body = http.get(RATES_URL, params={"base": base}).text
>    return json.loads(body)["rates"]
''', {"base": "EUR", "body": "''"})), "rare", 4, transaction="pricing.refresh", tags={"team": "billing"}, users=0),
    Fault("fulfillment", "ConnectionError", ("label printer at dock {id} is not reachable",),
          (*CELERY, Call("print_label", "fulfillment/labels.py", 72, '''    label = render(parcel)
>    printers[dock].send(label)
    parcel.labelled_at = now()
''', {"dock": "4"})), "daily", 16, level="warning", transaction="fulfillment.tasks.print_label", tags={"team": "operations"}, users=0),
    Fault("fulfillment", "ZeroDivisionError", ("division by zero",),
          (*CELERY, Call("average_weight", "fulfillment/parcels.py", 31, '''def average_weight(parcels):
    total = sum(p.weight_g for p in parcels)
>    return total / len(parcels)
''', {"parcels": "[]", "total": "0"})), "rare", 2, transaction="fulfillment.tasks.report", users=0),
    Fault("shop-web", "TypeError", ("can't access property \"total\", cart is null",),
          (*REACT, Call("CartDrawer", "src/cart/CartDrawer.tsx", 27, '''export function CartDrawer({ cart }: Props) {
>  const label = formatPrice(cart.total);
  return <aside aria-label="Cart">{label}</aside>;
}
''', {"cart": None})), "fading", 12, handled=False, transaction="/products/:slug", tags={"component": "cart"}, users=45),
    Fault("shop-api", "PermissionDenied", ("user {id} may not read order o_{id}",),
          (*FASTAPI, Call("read_order", "shop/api/orders.py", 40, '''    order = await orders.get(order_id)
    if order.user_id != person.id:
>        raise PermissionDenied(f"user {person.id} may not read order {order.id}")
''')), "steady", 6, level="warning", transaction="/api/orders/{order_id}", tags={"team": "accounts"}, users=21),
    Fault("fulfillment", "ImageDecodeError", ("unsupported colour profile in product photo",),
          (*CELERY, Call("decode", "media/thumbs.py", 41, '''def decode(photo):
    image = codec.open(photo.path)
    if image.profile not in KNOWN_PROFILES:
>        raise ImageDecodeError("unsupported colour profile in product photo")
    return image.convert("sRGB")
''', {"photo": "<Photo LAMP-04/2.jpg>"})), "new", 222, transaction="fulfillment.tasks.thumbs",
          tags={"component": "catalog", "team": "storefront"}, users=41, began_min=184),
    # what the team met and mended in the last fortnight: an hour or so each
    *(Fault(project, kind, (value,), (*frames, Call(function, file, line)), "brief", 40, transaction=where, tags={"team": team}, users=30, began_min=began_h * 60)
      for project, kind, value, frames, function, file, line, where, team, began_h in (
        ("shop-api", "TemplateError", "'order' is undefined", FASTAPI, "receipt", "shop/mail/receipt.py", 22, "/api/orders/{order_id}/receipt", "billing", 31),
        ("shop-web", "SyntaxError", "Unexpected token '<'", REACT, "loadTranslations", "src/i18n/load.ts", 14, "/", "storefront", 54),
        ("fulfillment", "LookupError", "no carrier for zone 7", CELERY, "choose_carrier", "fulfillment/carriers.py", 61, "fulfillment.tasks.ship", "operations", 77),
        ("shop-api", "ExpiredTokenError", "refresh token used twice", FASTAPI, "refresh", "shop/api/sessions.py", 37, "/api/sessions", "accounts", 120),
        ("shop-api", "DecimalError", "rounding of 0.005 is not allowed", FASTAPI, "total", "pricing/total.py", 18, "/api/cart", "billing", 214),
        ("shop-web", "QuotaExceededError", "The quota has been exceeded.", REACT, "remember", "src/cart/storage.ts", 9, "/cart", "storefront", 262),
      )),
    Fault("shop-web", "UnhandledRejection", ("Object captured as promise rejection with keys: code, message",),
          (), "steady", 5, handled=False, transaction="/account", users=18),
    Fault("shop-web", "TypeError", ("Cannot read properties of undefined (reading 'workingDays')",), MINIFIED, "daily", 26, handled=False,
          transaction="/products/:slug/delivery", tags={"component": "shipping"}, steps=(("navigation", "/products → /products/lamp-04"),), users=64),
)  # fmt: skip

MESSAGES = (
    ("fulfillment", "warning", "stock for %s is negative: %s", ("LAMP-04", "-3"), 3.0),
    ("shop-api", "info", "fell back to cached prices for %s", ("EUR",), 8.0),
    ("shop-web", "error", "[cart] could not restore cart from storage", (), 6.0),
)
