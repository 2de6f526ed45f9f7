from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scraping', '0002_run_include_started'),
    ]

    operations = [
        migrations.AddField(
            model_name='scraperun',
            name='discovery_attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How often its discovery was begun; a worker that died costs one.'),
        ),
    ]
