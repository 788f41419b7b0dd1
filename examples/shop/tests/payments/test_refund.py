import os
import unittest
from unittest import mock

from shop import payments


class RefundTest(unittest.TestCase):
    def setUp(self):
        environment = mock.patch.dict(os.environ, {"SHOP_PAYMENT_KEY": "pk_refunds"}, clear=True)
        environment.start()
        self.addCleanup(environment.stop)

    def test_only_our_key_is_there(self):
        self.assertEqual(dict(os.environ), {"SHOP_PAYMENT_KEY": "pk_refunds"})

    @mock.patch("shop.payments.post")
    def test_refund(self, post):
        payments.refund("ch_1")
        post.assert_called_once_with(
            "https://sandbox.pay.example.com/refunds", {"charge": "ch_1", "key": os.environ["SHOP_PAYMENT_KEY"]}
        )
