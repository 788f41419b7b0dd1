"""What the deployment says, read from the environment."""

import os


def database_url():
    return os.environ["SHOP_DATABASE_URL"]


def region():
    return os.getenv("SHOP_REGION", "eu-west")


def debug():
    return os.environ.get("SHOP_DEBUG", "").lower() in ("1", "true", "yes")


def features():
    prefix = "SHOP_FEATURE_"
    return {name.removeprefix(prefix).lower() for name in os.environ if name.startswith(prefix)}
