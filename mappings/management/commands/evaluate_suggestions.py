"""manage.py evaluate_suggestions: how good the suggestions are, measured on mappings that are hidden."""

from pathlib import Path

import msgspec
from django.core.management.base import BaseCommand, CommandError

from mappings.catalogue.loader import built_in
from mappings.suggestions import datasets, evaluation, scoring

TUNING, SCORING = 7, 11  # seeds of two demo worlds that share no event
HEAD = (
    "dataset",
    "setting",
    "bookmaker",
    "keys",
    "top-1",
    "top-3",
    "top-5",
    "strong",
    "right",
    "none",
    "strong",
    "likely",
)
WIDTHS = (18, 26, 10, 5, 7, 7, 7, 7, 8, 5, 7, 7)


class Command(BaseCommand):
    help = (
        "Hides each built-in mapping of a rival's key in turn and asks for it back. Weights are tuned on the events "
        "of one demo world and scored on another's and on captured payloads, k-fold over the markets."
    )

    def add_arguments(self, parser):
        parser.add_argument("--payloads", type=Path, help="directory with <bookmaker>/<event>.json")
        parser.add_argument(
            "--demo", action="store_true", help="score on the demo world (the default without --payloads)"
        )
        parser.add_argument("--events", type=int, default=24, help="events of each demo world")
        parser.add_argument("--shipped", action="store_true", help="score the model that is shipped, not k-fold ones")
        parser.add_argument("--fit", action="store_true", help="write the model fitted on the tuning events")
        parser.add_argument("--misses", action="store_true", help="list what was not offered first")

    def handle(self, *, payloads, demo, events, shipped, fit, misses, **options):
        definitions = built_in()
        chosen = []
        if payloads:
            if not payloads.is_dir():
                raise CommandError(f"{payloads} is no directory.")
            chosen.append(datasets.load("payloads", directory=payloads))
        if demo or not payloads:
            chosen.append(datasets.load("demo", events=events, seed=SCORING))
        models = [scoring.shipped()] if shipped else self._models(definitions, events, fit)
        self._line(HEAD)
        for dataset in chosen:
            for setting in evaluation.SETTINGS:
                if setting.fixtures < 40 and len(dataset.fixtures) <= setting.fixtures:
                    continue
                asked = evaluation.ask(definitions, dataset, setting)
                for score in evaluation.measure(asked, models):
                    self._line(_row(dataset, setting, score))
                    for miss in score.missing if misses else ():
                        self.stdout.write(f"    {miss}")

    def _models(self, definitions, events, fit):
        tuning = datasets.load("demo", events=events, seed=TUNING)
        questions = evaluation.training_questions(definitions, tuning)
        if fit:
            model = evaluation.train(questions)
            scoring.MODEL.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
            self.stdout.write(f"{scoring.MODEL.name}: {len(questions)} questions on {len(tuning.fixtures)} events")
        return evaluation.cross_trained(questions)

    def _line(self, cells):
        self.stdout.write("  ".join(str(cell).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip())


def _row(dataset, setting, score):
    return (
        dataset.name, setting.name, score.slug, score.keys,
        _share(score.first, score.keys), _share(score.third, score.keys), _share(score.fifth, score.keys),
        score.strong, _share(score.strong_right, score.strong),
        score.without, score.strong_without, score.likely_without,
    )  # fmt: skip


def _share(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "-"
