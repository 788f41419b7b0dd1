"""The contract itself changes only with an approval.

Each approval names the digest of the content it was given to:

    [[approvals]]
    contract = "sha256:…"
    approved = "Ada Lovelace, 2026-11-20, nightly purge of expired orders"

Whoever edits the contract by hand, or takes it away, fails this rule until `holdline contract freeze` has added a line
for the new content. Anyone can write such a line: what it gives is a change that cannot pass unseen. Make the file's
owners reviewers of it (CODEOWNERS).
"""

from __future__ import annotations

from holdline.migration import Rule

RULE = Rule(
    code="HL304",
    name="contract-not-approved",
    summary="the contract changed without an approval",
    explanation=__doc__,
    default_on=False,
)
