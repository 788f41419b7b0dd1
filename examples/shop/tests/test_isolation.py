import os


def test_tests_see_the_real_environment():
    assert isinstance(os.environ, os._Environ)
    assert os.environ["PATH"]
