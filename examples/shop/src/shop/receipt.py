"""Print a receipt: `python -m shop.receipt CENTS`."""

import os
import sys


def main():
    currency = os.environ.get("SHOP_CURRENCY", "EUR")
    print(f"{int(sys.argv[1]) / 100:.2f} {currency}")


if __name__ == "__main__":
    main()
