import unittest
from unittest.mock import patch

from shop import auth


@patch.dict("os.environ", {"SHOP_SESSION_SECRET": "class-wide"})
class SignInTest(unittest.TestCase):
    def test_known_user(self):
        self.assertEqual(auth.verify(auth.sign("grace")), "grace")

    @patch("shop.auth.sign", return_value="grace:forged")
    def test_forged_token(self, sign):
        self.assertEqual(auth.verify("grace:forged"), "grace")
        sign.assert_called_once_with("grace")
