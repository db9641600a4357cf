# ruff: noqa: E501  (a table: one commit, one line)
"""What the shop's builds tell: which commits a release was made of, where it was deployed, and the
source maps of its web page.
"""

from pathlib import Path

from lighttrace.clock import FixedClock
from lighttrace.demo import web
from lighttrace.demo.events import MINUTE_MS, went_out
from lighttrace.demo.faults import PROJECTS
from lighttrace.demo.people import DOMAIN
from lighttrace.ingest.origin import Origin
from lighttrace.store import announced, commits, deploys
from lighttrace.store.announced import Told
from lighttrace.store.bundles import Build
from lighttrace.store.commits import Commit
from lighttrace.store.database import Transaction
from lighttrace.store.store import Store
from lighttrace.uploads import assembly, bundling
from lighttrace.uploads.assembly import Assembly
from lighttrace.uploads.bundling import Given

TOOL = "sentry-cli/3.6.0"
STAGED_MS = 17 * 60 * MINUTE_MS  # before production
# release → its commits, the newest first: sha, author, message, a file it changed
COMMITS = {
    "web@3.18.2": (
        ("9d03c1e", "Jonas", "Clear the order when the first response lands", "src/checkout/checkout.tsx"),
        ("51ab77f", "Tove", "Retry a checkout that timed out", "src/checkout/PlaceOrderButton.tsx"),
        ("e22f610", "Mira", "Say when a parcel arrives on the product page", "src/shipping/estimate.ts"),
    ),
    "web@3.18.1": (
        ("c0ffe12", "Tove", "Bump react to 19.2", "package.json"),
        ("7b40d19", "Ines", "Offer pick-up points", "src/checkout/checkout.tsx"),
        ("a917f02", "Tove", "Move the suggestions into a worker", "src/search/suggest.ts"),
        ("38e1c5d", "Mira", "Read prices from the cart once", "src/cart/CartDrawer.tsx"),
        ("f64b0aa", "Jonas", "Check postcodes of islands", "src/checkout/address.ts"),
    ),
    "web@3.18.0": (
        ("2c9d7e3", "Mira", "The new cart, behind a flag", "src/cart/CartDrawer.tsx"),
        ("b80a41f", "Tove", "Categories as a tree", "src/catalog/tree.ts"),
    ),
    "api@2.4.1": (
        ("4d1e88c", "Jonas", "Capture once per order, also on a retry", "billing/retries.py"),
        ("0f57ab9", "Samir", "Index cart_items by cart_id", "shop/db/schema.py"),
        ("d3c2e61", "Ines", "Coupons end at midnight of the shop", "pricing/coupons.py"),
        ("e9b7710", "Mira", "Bump the HTTP client", "pyproject.toml"),
    ),
    "api@2.4.0": (
        ("8aa4f3b", "Samir", "Accounts without a password", "shop/api/accounts.py"),
        ("17c09de", "Jonas", "Ask the gateway for 8 seconds at most", "billing/gateway.py"),
    ),
    "fulfillment@1.12.1": (
        ("66e0b1c", "Samir", "Reserve all lines of an order at once", "fulfillment/stock.py"),
        ("f19d84a", "Samir", "Labels for the new printers", "fulfillment/labels.py"),
    ),
    "com.example.shop@5.2.1+521": (
        ("5be2f70", "Tove", "Measure how long the payment sheet takes", "pay/PaymentSheet.kt"),
    ),
}  # fmt: skip


def settle(tx: Transaction, origins: dict[str, Origin], now_ms: int) -> None:
    """Tell of every release that has gone out."""
    for project in PROJECTS:
        for index, version in enumerate(project.releases):
            at = went_out(project, index, now_ms)
            ids = [origins[project.slug].project_id]
            made, _ = announced.tell(tx, version, ids, Told(released_at=at), at)
            commits.put(tx, made, _commits(project.slug, version, at), at)
            deploys.add(tx, made, "staging", at - STAGED_MS)
            deploys.add(tx, made, "production", at, started_at=at - 2 * MINUTE_MS)


def _commits(slug: str, version: str, at: int) -> list[Commit]:
    return [
        Commit(
            sha=(sha * 6)[:40],
            repository=f"shop/{slug}",
            message=message,
            author_name=author,
            author_email=f"{author.lower()}@{DOMAIN}",
            at=at - STAGED_MS - number * 3 * 60 * MINUTE_MS,
            paths=(("M", path),),
        )
        for number, (sha, author, message, path) in enumerate(COMMITS.get(version, ()))
    ]


async def upload(store: Store, path: Path, clock: FixedClock, project_id: int, now_ms: int) -> None:
    """The source map of the web page, for each of its builds; the next build's upload fails."""
    began_ms, work = clock.now_ms(), Assembly(store, assembly.folder_of(path), clock)
    script, its_map = web.files()
    given = [Given(f"~/{web.SCRIPT}", script), Given(f"~/{web.SCRIPT}.map", its_map)]
    shop = next(it for it in PROJECTS if it.slug == "shop-web")
    for index, version in enumerate(shop.releases):
        file = work.chunks.new_file()
        bundling.write(file, given)
        at = max(began_ms, went_out(shop, index, now_ms) - STAGED_MS // 8)
        await work.hand_in(file, [Build(project_id, version)], TOOL, at)
    broken = work.chunks.new_file()
    broken.write_bytes(b"<!doctype html><title>502 Bad Gateway</title>")
    clock.set(now_ms - 12 * MINUTE_MS)
    await work.hand_in(broken, [Build(project_id, "web@3.19.0-rc.1")], TOOL, clock.now_ms())
    while await work.one():
        pass
    clock.set(began_ms)
