import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('mfa', '0003_authenticator_type_uniq'),
    ]

    operations = [
        migrations.CreateModel(
            name='OtpUsed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.BigIntegerField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'otp_used',
            },
        ),
        migrations.CreateModel(
            name='PasskeyDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('authenticator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='passkey_device', to='mfa.authenticator')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'passkey',
                'verbose_name_plural': 'passkeys',
            },
        ),
        migrations.CreateModel(
            name='PasskeyUsed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('challenge', models.BinaryField(unique=True)),
                ('proof', models.BinaryField(null=True, unique=True)),
                ('proof_until', models.DateTimeField(null=True)),
                ('spent_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_index=True)),
                ('authenticator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='mfa.authenticator')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'passkey_used',
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(unique=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('authenticator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to='mfa.authenticator')),
            ],
            options={
                'db_table': 'recovery_code',
            },
        ),
        migrations.CreateModel(
            name='TotpDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('authenticator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='device', to='mfa.authenticator')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'second factor',
                'verbose_name_plural': 'second factors',
            },
        ),
        migrations.AddConstraint(
            model_name='otpused',
            constraint=models.UniqueConstraint(fields=('user', 'step'), name='otp_used_once'),
        ),
        migrations.AddConstraint(
            model_name='passkeyused',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proof', None), ('proof_until', None)), models.Q(('proof__isnull', False), ('proof_until__isnull', False)), _connector='OR'), name='passkey_proof_has_an_end'),
        ),
    ]
