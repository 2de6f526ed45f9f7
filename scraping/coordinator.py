"""The steps of a scrape, in order. Workers run them as tasks; manage.py scrape runs them in one go."""

import structlog

from mappings.unmapped_logger import unmapped_logger
from scraping import batches, closing, discovery
from scraping.discovery_claim import claim_discovery, lose_discovery
from scraping.models import ScrapeBatch, ScrapeRun
from scraping.patience import wait_for_database
from scraping.progress import publish_progress

log = structlog.get_logger(__name__)


class EventCoordinator:
    """Drives one run: discover, scrape its batches, close.

    run: a ScrapeRun made by scraping.services. on_batch(run, batch): called after each batch, for
    a progress bar.
    """

    def __init__(self, run: ScrapeRun, *, unmapped=unmapped_logger, on_batch=None):
        self.run = run
        self.unmapped = unmapped
        self.on_batch = on_batch

    def run_full_cycle(self) -> ScrapeRun:
        """The whole run in this process, no worker needed. Returns the closed run."""
        is_refresh = self.run.kind == ScrapeRun.Kind.EVENT
        for batch in self.prepare_refresh() if is_refresh else self.discover(enqueue=False):
            self.scrape_and_store(batch.pk)
        return self.close() or self.run

    def discover(self, *, enqueue=True) -> list[ScrapeBatch]:
        """Ask all bookmakers what is on offer and make the batches; [] when not ours to do."""
        run = claim_discovery(self.run.pk)
        if run is None:
            return []
        self.run = run
        publish_progress(run, "Asking the bookmakers what is on offer")
        try:
            found = discovery.discover(run, enqueue=enqueue)
        except Exception as error:
            lose_discovery(run, f"{error!r}"[:300], again=enqueue)
            raise
        self.run.refresh_from_db()
        publish_progress(self.run, f"{self.run.events_total} events in {self.run.batches_total} batches")
        if not found:
            self.close()
        return found

    def prepare_refresh(self) -> list[ScrapeBatch]:
        """One batch with the run's event; no discovery, so nothing is reconciled."""
        run = claim_discovery(self.run.pk)
        if run is None:
            return []
        self.run = run
        return discovery.make_refresh_batch(run)

    def scrape_and_store(self, batch_id: int) -> ScrapeBatch | None:
        """Claim, scrape and store one batch. A failure gives it back or parks it, and is logged."""
        batch = batches.claim_batch(batch_id)
        if batch is None:
            return None
        while True:
            try:
                outcome = self.scrape_batch(batch)
                self.store_batch_results(batch, outcome)
                break
            except Exception as error:
                log.exception("scrape.batch_error", run=batch.run_id, batch=batch.index)
                if batches.fail_batch(batch, repr(error)):
                    break
                batch = batches.claim_batch(batch_id)
                if batch is None:
                    return None
        if self.on_batch is not None:
            self.run.refresh_from_db()
            self.on_batch(self.run, batch)
        return batch

    def scrape_batch(self, batch: ScrapeBatch) -> batches.BatchOutcome:
        """Fetch, map and write the events of a claimed batch."""
        return batches.run_batch(batch, self.unmapped)

    def store_batch_results(self, batch: ScrapeBatch, outcome: batches.BatchOutcome):
        """Commit sightings, errors and counts with the mark "stored"."""
        wait_for_database(lambda: batches.store_outcome(batch, outcome, self.unmapped))

    def close(self) -> ScrapeRun | None:
        """Close the run when its last batch is over; None while there are others."""
        run = closing.claim_closing(self.run.pk)
        if run is None:
            return None
        self.run = closing.close_run(run)
        return self.run
