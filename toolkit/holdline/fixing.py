"""The rewrite of one file that the fixes of its violations make, with the imports they need, proved."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from holdline.edits import OffsetMap, OverlapError, apply_edits, merge_edits
from holdline.import_places import NoPlaceError
from holdline.imports import plan_imports
from holdline.judging import Judge, Level
from holdline.model import Edit, FileResult, Fix, Problem, ProblemKind, Safety, Violation
from holdline.proofs import Claim, ProofError, prove
from holdline.references import module_stem
from holdline.source import Source, is_editable, parse

_WORD = re.compile(rb"\w+")
#: A file with lines of a person's own cannot be planned again without some: all of it goes together.
_BY_HAND = "lines written by hand"


def fix_file(judge: Judge, source: Source, found: FileResult) -> FileResult:
    """Fix what the judge admits of the violations found; where that cannot be proved, the file stays as it is."""
    chosen = [v for v in found.remaining if judge.is_to_fix(v)]
    if not is_editable(source):
        refusal = f"the file's encoding {source.encoding} leaves no byte ranges to edit: convert it to UTF-8"
        return found._replace(remaining=_refuse(found.remaining, chosen, refusal))
    try:
        return _rewrite(judge, source, found, chosen)
    except NoPlaceError as error:
        return found._replace(remaining=_refuse(found.remaining, chosen, str(error)))
    except (ProofError, OverlapError) as error:
        problem = Problem(source.path, ProblemKind.PROOF, f"left as it was, the rewrite could not be proved: {error}")
        remaining = _refuse(found.remaining, chosen, "the rewrite of this file could not be proved")
        return found._replace(remaining=remaining, problem=problem)


def fix_by_hand(
    judge: Judge, result: FileResult, before: bytes, written: Mapping[Edit, Sequence[Violation]]
) -> FileResult:
    """The plan of a file, `before` as it is, with lines that a person wrote in place of some more fixes of violations.

    Imports follow from all of it: what the new lines do not name is not imported for them, and what they do name is not
    taken out. They are proved to parse, and no more. Raises SourceError or ProofError where they do not, or where they
    cannot stand beside the rest.
    """
    source = parse(result.path, before)
    words = {word.decode(errors="replace") for edit in written for word in _WORD.findall(edit.text)}
    fixes = [v.fix for v in result.fixed if v.fix]
    for edit, violations in written.items():
        old = [v.fix for v in violations if v.fix]
        imports = tuple(i for fix in old for i in fix.imports if i.local in words)
        fixes.append(Fix(Safety.UNSAFE, (edit,), (), imports, tuple(n for fix in old for n in fix.releases)))
    fixes = [fix._replace(releases=tuple(n for n in fix.releases if n not in words)) for fix in fixes]
    try:
        edits, _ = _compose(source, fixes, _is_referenced(judge, source.path))
    except (OverlapError, NoPlaceError) as error:
        raise ProofError(str(error)) from None
    after = apply_edits(before, edits)
    parse(source.path, after)
    by_hand = {v.place for violations in written.values() for v in violations}
    fixed = [*result.fixed, *(v for v in result.remaining if v.place in by_hand)]
    return result._replace(
        fixed=tuple(v._replace(fix=v.fix._replace(together=_BY_HAND)) for v in fixed if v.fix),
        remaining=tuple(v for v in result.remaining if v.place not in by_hand),
        edits=edits,
        before=before,
        after=after,
    )


def _rewrite(judge: Judge, source: Source, found: FileResult, chosen: Sequence[Violation]) -> FileResult:
    fixes = [v.fix for v in chosen if v.fix is not None]
    edits, claim = _compose(source, fixes, _is_referenced(judge, source.path))
    after = apply_edits(source.data, edits)
    result = prove(source, after, edits, claim)
    gone = set(map(id, chosen))
    remaining = tuple(v for v in found.remaining if id(v) not in gone)
    moved = OffsetMap(edits)
    left = {(v.code, moved.start(start)) for v, start in _fixable(judge, remaining)}
    for violation, start in _fixable(judge, _found_again(judge, source, result)):
        if (violation.code, start) not in left:
            raise ProofError(f"line {violation.line}: a second run would change the file again")
    return found._replace(remaining=remaining, fixed=tuple(chosen), edits=edits, before=source.data, after=after)


def _fixable(judge: Judge, violations: Iterable[Violation]) -> Iterator[tuple[Violation, int]]:
    """The violations that the judge's level fixes, whether chosen or not, each with the offset of what it rewrites."""
    admitted = ((v, v.fix) for v in violations if v.fix is not None and judge.level.admits(v.fix))
    return ((v, min(part.start for part in fix.sites or fix.edits)) for v, fix in admitted)


def _found_again(judge: Judge, before: Source, after: Source) -> Iterator[Violation]:
    """What a second run finds: knowing of this file what it said before, and what it says now.

    Of unsafe fixes the latter is not asked: they may take out the very thing that others were refused for.
    """
    found = judge.look(after)[0]
    yield from found
    facts = judge.context.facts
    if not found or facts is None or judge.level is Level.UNSAFE:
        return
    said, says = (frozenset(f for m in judge.migrations for f in m.survey(s.path, s.data)) for s in (before, after))
    if said != says:
        context = judge.context._replace(facts=facts - said | says)
        yield from judge._replace(context=context).look(after)[0]


def _is_referenced(judge: Judge, path: str) -> Callable[[str], bool]:
    """Whether other files use a name of this module: by its last name, or through a star import."""
    context = judge.context
    stem = module_stem(path)
    references: Collection[tuple[str, str]] = context.references
    return lambda name: stem in context.star_imported or (stem, name) in references or ("*", name) in references


def _compose(source: Source, fixes: Sequence[Fix], referenced: Callable[[str], bool]) -> tuple[tuple[Edit, ...], Claim]:
    """All fixes of a file and the import changes they need, as one list of edits and the claim to prove."""
    rewritten = merge_edits([e for f in fixes for e in f.edits])
    change = plan_imports(
        source,
        needed=[i for f in fixes for i in f.imports],
        released={n for f in fixes for n in f.releases},
        rewritten=rewritten,
        first_use=min(e.start for e in rewritten),
        referenced=referenced,
    )
    sites = tuple(dict.fromkeys(s for f in fixes for s in f.sites))
    inserted = (*change.inserted, *(text for f in fixes for text in f.inserts))
    claim = Claim((*sites, *change.altered), change.removed, inserted)
    return merge_edits([*rewritten, *change.edits]), claim


def _refuse(found: Sequence[Violation], chosen: Sequence[Violation], refusal: str) -> tuple[Violation, ...]:
    refused = set(map(id, chosen))
    return tuple(v._replace(fix=None, refusal=refusal) if id(v) in refused else v for v in found)
