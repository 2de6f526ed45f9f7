from django.db import models
from django.db.models.functions import Now


class Notice(models.Model):
    """Something people should hear of, stored with the change that it is about.

    Its id is the sequence number that browsers see. `publish` makes ids commit in order, so a
    reader who has seen n has seen everything below n, or it was rolled back.
    """

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=50)
    type = models.CharField(max_length=50)
    data = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the dispatcher passed it on.")

    class Meta:
        db_table = "realtime_notice"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["topic", "id"], name="idx_notice_topic"),
            models.Index(fields=["id"], name="idx_notice_unsent", condition=models.Q(sent_at__isnull=True)),
        ]

    def __str__(self):
        return f"{self.type} {self.pk}"
