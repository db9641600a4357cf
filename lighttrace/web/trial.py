"""A believable error for "Send one for me": shaped like what an SDK of the project's platform
sends, and it says what it is.
"""

from typing import Any

MESSAGE = "This is a test error from LightTrace's set-up page. Yours will look like this."

PYTHON_FRAMES: list[dict[str, Any]] = [
    {
        "module": "django.core.handlers.exception",
        "function": "inner",
        "filename": "django/core/handlers/exception.py",
        "lineno": 55,
        "in_app": False,
        "context_line": "            response = get_response(request)",
    },
    {
        "module": "shop.checkout.views",
        "function": "place_order",
        "filename": "shop/checkout/views.py",
        "lineno": 41,
        "in_app": True,
        "pre_context": [
            "def place_order(request):",
            "    cart = Cart.of(request)",
            "    if cart.is_empty():",
            '        return redirect("cart")',
        ],
        "context_line": "    receipt = charge(cart, request.user)",
        "post_context": ["    mail_receipt(receipt)", '    return render(request, "thanks.html")'],
        "vars": {"cart": "<Cart of 3 items>"},
    },
    {
        "module": "shop.checkout.payment",
        "function": "charge",
        "filename": "shop/checkout/payment.py",
        "lineno": 88,
        "in_app": True,
        "pre_context": [
            "def charge(cart, user):",
            "    order = Order.open(cart, user)",
            "    answer = gateway.capture(order.total)",
            "",
        ],
        "context_line": '    return Receipt(order.id, answer["reference"])',
        "post_context": ["", "", "def refund(order):"],
        "vars": {"order": "<Order 1042>", "answer": {"status": "declined"}, "user": "<User demo>"},
    },
]
JS_FRAMES: list[dict[str, Any]] = [
    {
        "function": "dispatchEvent",
        "filename": "../node_modules/react-dom/client.js",
        "abs_path": "https://shop.example.com/static/node_modules/react-dom/client.js",
        "lineno": 16112,
        "colno": 7,
        "in_app": False,
        "context_line": "      listener.call(instance, event);",
    },
    {
        "function": "PayButton.onClick",
        "filename": "../src/checkout/PayButton.tsx",
        "abs_path": "https://shop.example.com/static/src/checkout/PayButton.tsx",
        "lineno": 27,
        "colno": 19,
        "in_app": True,
        "pre_context": [
            "export function PayButton({ cart }: Props) {",
            "  const onClick = async () => {",
            "    setBusy(true);",
        ],
        "context_line": "    const receipt = await placeOrder(cart);",
        "post_context": ["    navigate(`/thanks/${receipt}`);", "  };"],
    },
    {
        "function": "placeOrder",
        "filename": "../src/checkout/order.ts",
        "abs_path": "https://shop.example.com/static/src/checkout/order.ts",
        "lineno": 63,
        "colno": 25,
        "in_app": True,
        "pre_context": [
            "export async function placeOrder(cart: Cart) {",
            '  const answer = await post("/api/pay", cart);',
            '  track("paid", answer);',
        ],
        "context_line": "  return answer.payment.reference;",
        "post_context": ["}", ""],
    },
]


def event(
    platform: str | None, *, event_id: str, project_slug: str, now_ms: int, email: str
) -> dict[str, Any]:
    """The payload of one event item."""
    browser = (platform or "").startswith(("javascript", "node", "browser", "react", "next"))
    now_s = now_ms / 1000
    crash = (
        ("TypeError", "Cannot read properties of undefined (reading 'reference')", JS_FRAMES)
        if browser
        else ("KeyError", "'reference'", PYTHON_FRAMES)
    )
    steps = [
        (
            9.2,
            "navigation",
            "navigation",
            "/cart → /checkout",
            {"from": "/cart", "to": "/checkout"},
        ),
        (3.1, "default", "ui.click", "button.pay", {}),
        (2.9, "http", "http", "", {"method": "POST", "url": "/api/pay", "status_code": 402}),
    ]
    return {
        "event_id": event_id,
        "timestamp": now_s,
        "platform": "javascript" if browser else "python",
        "level": "error",
        "environment": "production",
        "release": f"{project_slug}@1.0.0",
        "transaction": "/checkout",
        "tags": {"component": "checkout", "lighttrace.test": "yes"},
        "user": {"email": email},
        "request": {"method": "POST", "url": "https://shop.example.com/checkout"},
        "extra": {"note": MESSAGE},
        "breadcrumbs": {
            "values": [
                {
                    "timestamp": now_s - before_s,
                    "type": kind,
                    "category": category,
                    "message": message,
                    "data": data,
                }
                for before_s, kind, category, message, data in steps
            ]
        },
        "exception": {
            "values": [
                {
                    "type": crash[0],
                    "value": crash[1],
                    "mechanism": {"type": "generic", "handled": False},
                    "stacktrace": {"frames": crash[2]},
                }
            ]
        },
        "sdk": {"name": "lighttrace.setup", "version": "1"},
    }
