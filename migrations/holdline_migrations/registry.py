"""The migrations that come with Holdline, in the order they run. Add a line here for a new one."""

from holdline.migration import Registry
from holdline_migrations.env_access import EnvAccess
from holdline_migrations.env_fixtures import EnvFixtures
from holdline_migrations.production_safety import ProductionSafety

REGISTRY = Registry((EnvAccess(), EnvFixtures(), ProductionSafety()))
