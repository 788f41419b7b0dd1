"""The migrations that come with Holdline, in the order they run. Add a line here for a new one."""

from holdline.migration import Registry
from holdline_migrations.env_access import EnvAccess
from holdline_migrations.env_fixtures import EnvFixtures

REGISTRY = Registry((EnvAccess(), EnvFixtures()))
