"""The command ``libqa``: parses, calls the library, prints. Exit status: 0 done, 1 error, 2 usage, 3 not answered."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from libqa import console
from libqa.config import Settings, load_settings
from libqa.errors import LibQAError, QuestionError, ReadError

if TYPE_CHECKING:
    from libqa.api import LibQA
    from libqa.types import Answer, Document

CiteStyle = Literal["gbt7714", "bibtex", "ris", "markdown"]
"""`libqa.references.Style`, said here so that the command starts without them."""
NOT_IN_DOCUMENTS = 3

app = typer.Typer(
    help="Question answering over a library's documents, with exact citations. "
    "Exit status: 0 answered or done, 1 an error, 2 wrong usage, 3 not in the documents (ask).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
IndexOption = Annotated[
    Path | None,
    typer.Option("--index", help="Directory of the index; else LIBQA_INDEX, libqa.toml, the user's data directory."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output; docs/json.md describes it.")]
QuestionArgument = Annotated[
    str, typer.Argument(help="The question; `-` reads it from standard input.", show_default=False)
]


@app.command()
def ask(
    question: QuestionArgument,
    as_json: JsonOption = False,
    k: Annotated[
        int | None, typer.Option("--k", min=1, max=1000, help="Passages to read for the answer.", show_default="10")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="JSON file with what was said before: a list of [question, answer] pairs.")
    ] = None,
    cite: Annotated[
        CiteStyle | None,
        typer.Option(help="Give the sources as references; docs/references.md shows them.", show_default=False),
    ] = None,
    index: IndexOption = None,
) -> None:
    """Answer a question, each statement with the exact passage it comes from."""
    asked, earlier = _question(question), _history(history)
    with _open(index) as qa:
        answer = qa.ask(asked, history=earlier, k=k)
        cited = _references(qa, answer, cite) if cite else {}
    if as_json:
        from libqa.serialize import answer_to_dict

        console.print_json(answer_to_dict(answer) | ({"references": cited} if cited else {}), indent=2)
    elif cited and not answer.abstained:
        _print_cited(answer, cited)
    else:
        print(console.visible(console.render(answer)))
    if answer.abstained:
        raise typer.Exit(NOT_IN_DOCUMENTS)


@app.command()
def search(
    question: QuestionArgument,
    as_json: JsonOption = False,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many passages.")] = 10,
    index: IndexOption = None,
) -> None:
    """Find the passages that fit a question, best first; with --json one JSON object a line."""
    from libqa.serialize import hit_to_dict

    with _open(index) as qa:
        hits = qa.search(_question(question), k=k)
    for rank, hit in enumerate(hits, 1):
        if as_json:
            console.print_json(hit_to_dict(hit))
        else:
            where = f"《{hit.document.title or hit.document.id}》 {hit.passage.section}".rstrip()
            print(console.visible(f"{rank}. {hit.score:.3f}  {where}\n   {' '.join(hit.passage.text.split())}"))


@app.command()
def build(
    corpus: Annotated[
        str | None,
        typer.Argument(
            help="Directory, file or URL with the documents; default: the bundled corpus.", show_default=False
        ),
    ] = None,
    index: IndexOption = None,
    embedder: Annotated[
        str | None, typer.Option(help="bundled, or a sentence-transformers model by name or path (extra hub).")
    ] = None,
) -> None:
    """Build the index anew from a corpus; a file that cannot be read is named, the rest goes in."""
    settings = _settings(index)
    _build(corpus, settings if embedder is None else replace(settings, embedder=embedder)).close()


@app.command()
def add(
    files: Annotated[list[str], typer.Argument(help="Files, directories or URLs.", show_default=False)],
    index: IndexOption = None,
) -> None:
    """Add documents to the index; one with the id of an indexed document replaces it.

    A file that cannot be read is named with the reason; the others go in. Exit status 1 only if none does.
    """
    failed: list[ReadError] = []
    with _open(index) as qa:
        with console.progress("adding") as move:
            ids = qa.add(files, progress=move, on_error=failed.append)
        added = [qa.document(document_id) for document_id in ids]
    for error in failed:
        console.report(error)
    for document in added:
        print(console.visible(document.id))
    if added or len(failed) > 1:
        _summary("added", added, len(failed))
    if not ids:
        raise typer.Exit(1)


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(help="Ids of documents, as `libqa list` shows them.", show_default=False)],
    index: IndexOption = None,
) -> None:
    """Remove documents from the index: all of them, or none if one is not there."""
    with _open(index) as qa:
        for document_id in ids:
            qa.document(document_id)  # an unknown id is an error, before anything changes
        print(f"removed {qa.remove(ids)} of {len(ids)}")


@app.command("list")
def list_documents(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """List the documents in the index; with --json one JSON object a line."""
    from libqa.serialize import document_to_dict

    with _open(index) as qa:
        documents = qa.documents()
    for document in documents:
        if as_json:
            console.print_json(document_to_dict(document))
        else:
            print(console.visible(f"{document.id}\t{len(document.text)}\t{document.title}"))


@app.command()
def doctor(as_json: JsonOption = False, index: IndexOption = None) -> None:
    """Check installation, model and index; say what is wrong and how to mend it. Changes nothing."""
    from libqa.doctor import examine

    findings = examine(_settings(index))
    for finding in findings:
        if as_json:
            console.print_json(finding.to_dict())
        else:
            print(console.visible(str(finding)))
    if not all(f.well for f in findings):
        raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.", show_default="7860")] = None,
    index: IndexOption = None,
) -> None:
    """Serve the chat, REST, OpenAI's chat completions and MCP.

    Without any index of one's own, builds one from the bundled corpus first.
    """
    from libqa.api import LibQA
    from libqa.errors import IndexMissing
    from libqa.service import serve as run

    settings = _settings(index)
    try:
        qa = LibQA.open(settings=settings)
    except IndexMissing:
        if settings.index is not None:  # one that was asked for is not made up
            raise
        qa = _build(None, settings)
    with qa:
        run(qa, host or settings.host, settings.port if port is None else port, ready=_serving)


@app.command("eval")
def evaluate(
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            help="Question sets: .jsonl files, names in eval/questions/, or public sets such as cmrc2018/trial in the "
            "folder LIBQA_DATA.",
            show_default="core",
        ),
    ] = None,
    more_sets: Annotated[
        list[str] | None, typer.Option("--set", help="The same as naming it as an argument.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Directory for this run: one JSON file, one HTML page that opens offline.")
    ] = None,
    as_json: JsonOption = False,
    against: Annotated[
        Path | None,
        typer.Option(
            help="JSON of an earlier run to compare with.", show_default="the newest of the same sets in --report"
        ),
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIGURE=VALUE",
            help="Exit 1 if a figure is worse, e.g. right_and_cited=0.9 or paraphrase:hit@10=0.95; repeatable.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most questions of each set.", show_default="all")] = None,
    pool: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:COUNT", help="Distractors for public sets, e.g. crud_news/text:20000.", show_default=False
        ),
    ] = None,
    without_gold: Annotated[
        bool, typer.Option("--without-gold", help="Ask public sets again without the paragraphs that answer them.")
    ] = False,
    reading: Annotated[
        bool, typer.Option("--reading", help="Give the reader the paragraph: right sentence and span F1.")
    ] = False,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Compare retrieval with BM25, vectors alone and fusion.")
    ] = False,
    index: IndexOption = None,
) -> None:
    """Ask question sets and measure retrieval, answers, citations and refusals (extra eval)."""
    from libqa.evaluation import command, comparing, demands
    from libqa.evaluation.table import render

    names = (*(sets or ()), *(more_sets or ())) or ("core",)
    plan = command.Plan(names, limit, tuple(pool or ()), without_gold, reading, baselines)
    wanted = demands.parse(fail_under or ())
    earlier = None if against is None else comparing.load_run(against)
    result, run = command.evaluate(plan, _settings(index), console.progress)
    if against is None and report is not None:
        against = comparing.newest_run(report, run)
        earlier = None if against is None else comparing.load_run(against)
    command.add_comparison(run, earlier, "" if against is None else against.name)
    if report is not None:
        console.note(f"report: {command.save(run, earlier, report)[1]}")
    if as_json:
        console.print_json(run)
    else:
        print(console.visible(render(result, run["comparison"])))
    failed = demands.failing(run, wanted)
    for line in failed:
        console.note(f"libqa eval: {line}")
    if failed:
        raise typer.Exit(1)


@app.command()
def repair(
    file: Annotated[str, typer.Argument(help="Text file; `-` is standard input.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Print a text, as UTF-8, with its damage undone (GBK conversion, pinyin notes, mojibake); notices go to stderr."""
    from libqa.text import repair as restore
    from libqa.text.encoding import decode

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as e:
        raise ReadError(file, (e.strerror or str(e)).lower(), "name a file that can be read") from None
    decoded = decode(data, file)
    repaired = restore(decoded.text)
    if as_json:
        from libqa.serialize import repair_to_dict

        console.print_json(repair_to_dict(file, decoded.encoding, repaired), indent=2)
        return
    sys.stdout.buffer.write(repaired.text.encode("utf-8"))
    sys.stdout.flush()
    for edit in repaired.edits:
        if edit.certainty != "exact":
            line = decoded.text.count("\n", 0, edit.raw_start) + 1
            console.note(f"{file}:{line}: {edit.before!r} -> {edit.after!r} ({edit.certainty}: {edit.reason})")
    proof = "proven by damaging it again" if repaired.proven else "not proven: damaging it again gives another text"
    console.note(f"{file}: {len(repaired.edits)} edits; {proof}" if repaired.changed else f"{file}: nothing to repair")


def _references(qa: LibQA, answer: Answer, style: CiteStyle) -> dict[str, Any]:
    from datetime import datetime

    from libqa.serialize import references_to_dict

    today = datetime.now().astimezone().date()
    return references_to_dict(answer.citations, qa.document, style, today)


def _print_cited(answer: Answer, cited: dict[str, Any]) -> None:
    """Print the answer and its references; those that programs import stand alone on standard output."""
    from libqa.references import numbers
    from libqa.references.markdown import escape

    said = console.said(answer, numbers(answer.citations))
    if cited["style"] in ("bibtex", "ris"):
        for line in said:
            console.note(line)
    elif cited["style"] == "markdown":
        print(console.visible("\n\n".join(map(escape, said))) + "\n")
    else:
        print(console.visible("\n".join(said)) + "\n")
    print(console.visible(cited["text"]))


def _serving(address: str) -> None:
    print(f"libqa answers at {address}   (Ctrl-C stops it)", flush=True)


def _settings(index: Path | None) -> Settings:
    settings = load_settings()
    return settings if index is None else replace(settings, index=index)


def _open(index: Path | None) -> LibQA:
    from libqa.api import LibQA

    return LibQA.open(settings=_settings(index))


def _summary(what: str, documents: Sequence[Document], failed: int) -> None:
    """Say on standard error how many documents went in, and what was noticed about them."""
    repaired = [document for document in documents if document.raw is not None and document.offsets.pieces]
    for document in documents:
        if "notice" in document.metadata:
            console.note(f"{document.id}: {document.metadata['notice']}")
    for document in repaired:
        console.note(f"{document.id}: damaged text repaired in {len(document.offsets.pieces)} places")
    console.note(f"{what}: {len(documents)} documents; {len(repaired)} repaired, {failed} failed")


def _build(corpus: str | None, settings: Settings) -> LibQA:
    from libqa.api import LibQA
    from libqa.reading import bundled_corpus

    failed: list[ReadError] = []
    try:
        with console.progress("building the index") as move:
            qa = LibQA.build(corpus or bundled_corpus(), settings=settings, progress=move, on_error=failed.append)
    except ReadError:  # nothing can be read: the files say why, if there are any
        if not failed:
            raise
        raise typer.Exit(1) from None
    finally:
        for error in failed:
            console.report(error)
    _summary(f"{settings.index_dir}: {qa.passages} passages", qa.documents(), len(failed))
    return qa


def _question(given: str) -> str:
    """Return the question from the argument, or from standard input for ``-``."""
    if given == "-":
        try:
            return sys.stdin.buffer.read(1 << 20).decode("utf-8").strip()
        except UnicodeDecodeError:
            raise QuestionError("standard input", "is not UTF-8 text", "send the question in UTF-8") from None
    if any("\ud800" <= c <= "\udfff" for c in given):  # how Python hands over bytes that are not text
        raise QuestionError(
            "question", "is not text in the encoding of this terminal", "use a UTF-8 locale, or pipe it to `-`"
        )
    return given


def _history(file: Path | None) -> list[tuple[str, str]]:
    if file is None:
        return []
    remedy = 'give a JSON list of pairs: [["question", "answer"], …]'
    try:
        turns = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise ReadError(str(file), f"no history can be read ({e})", remedy) from None
    if not isinstance(turns, list) or not all(
        isinstance(t, list) and [type(s) for s in t] == [str, str] for t in turns
    ):
        raise ReadError(str(file), "is JSON, but not a history", remedy)
    return [(asked, answered) for asked, answered in turns]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a character still shows which one it was
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=None if arguments is None else list(arguments), prog_name="libqa")
    except LibQAError as error:
        console.report(error)
        sys.exit(1)
    except SystemExit as stop:
        try:
            sys.stdout.flush()
        except BrokenPipeError:  # the reader had enough; Python would complain again at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(stop.code)
