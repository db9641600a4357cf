import sentry_sdk

sentry_sdk.init(release="shop@2.0.0", environment="production")


def price(row):
    return row["amount"] * 2


price({"sku": "LAMP-04"})
