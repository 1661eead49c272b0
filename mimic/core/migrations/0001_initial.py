"""The function that makes time-ordered ids; every hot table's primary key defaults to it."""

from django.db import migrations

# 2024-01-01 UTC in Unix milliseconds; the same epoch as mimic.core.ids.EPOCH.
FORWARDS = """
CREATE SEQUENCE mimic_time_id_seq AS bigint MINVALUE 0 MAXVALUE 4194303 START 0 CYCLE CACHE 64;
CREATE FUNCTION mimic_time_id() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
    SELECT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1704067200000) << 22
           | nextval('mimic_time_id_seq')
$$;
"""
BACKWARDS = "DROP FUNCTION mimic_time_id(); DROP SEQUENCE mimic_time_id_seq;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
