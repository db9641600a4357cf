"""What the people of the made-up shop wrote to each other about its issues."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comment:
    """`of`: part of the message of the issue that is meant, where more than one has that title."""

    minutes_ago: int
    who: str
    project: str
    title: str
    body: str
    of: str = ""


COMMENTS = (
    Comment(
        14, "Tove", "shop-web", "TypeError",
        "Comes with the new retry. 4 of 5 events have a second click on “Place order” within two "
        "seconds, and all have the flag `fast-checkout`. @jonas could you switch it off for now?",
        "orderId",
    ),
    Comment(
        11, "Jonas", "shop-web", "TypeError",
        "Off for new sessions. Carts that are open keep it until they are reloaded.",
        "orderId",
    ),
    Comment(
        3, "Mira", "shop-web", "TypeError",
        """The second click finds the order already taken:

- the guard `if (busy) return;` on the button is gone since **web@3.18.2**
- `takePendingOrder()` must not clear the order before the page has changed

Fix is in review, I look after it.
""",
        "orderId",
    ),
    Comment(
        26, "Samir", "fulfillment", "OperationalError",
        """`reserve_stock` waits for a row that the nightly recount holds:

```sql
select pid, wait_event, query from pg_stat_activity where wait_event_type = 'Lock';
```

It should end by itself within the hour. If not, stop the recount, it can be repeated.
""",
    ),
    Comment(
        21, "Jonas", "shop-api", "PaymentError",
        "Status page of the gateway says “elevated error rates, EU”. Nothing to mend here, but we "
        "should try again instead of failing the order. @ines",
        "502",
    ),
    Comment(
        44 * 60 + 2, "Tove", "shop-web", "ChunkLoadError",
        "Old tabs after a deploy: they ask for files that are gone. A reload helps, and 50 in an "
        "hour would be something else.",
    ),
    Comment(
        170, "Jonas", "fulfillment", "KeyError",
        "Only business customers from before 2024: they have no tax region. I will fill it in.",
    ),
)  # fmt: skip
