"""Is a service there? Probes that speak its protocol, with a hard time limit and a cause in words.

Nothing is probed on import, nor configured: endpoints and credentials come from the variables that the service's own
clients read, at the moment of asking.
"""

from holdline_runtime.services.availability import is_available, is_docker_available, probe
from holdline_runtime.services.outcome import Outcome, Status

__all__ = ["Outcome", "Status", "is_available", "is_docker_available", "probe"]
