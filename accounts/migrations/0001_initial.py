import accounts.models.user
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import mimic.core.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.CharField(help_text='203.0.113.0/24', max_length=43, verbose_name='network')),
                ('kind', models.CharField(choices=[('block', 'keep out'), ('allow', 'never keep out')], max_length=8, verbose_name='rule')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('until', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('automatic', models.BooleanField(default=False, editable=False, verbose_name='automatic')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='made')),
            ],
            options={
                'verbose_name': 'rule of addresses',
                'verbose_name_plural': 'rules of addresses',
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['network', 'created_at'], name='address_rule_network')],
            },
        ),
        migrations.CreateModel(
            name='TelegramUsed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seal', models.BinaryField(unique=True)),
                ('until', models.DateTimeField(db_index=True)),
            ],
            options={
                'db_table': 'telegram_used',
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('public_id', models.UUIDField(default=mimic.core.ids.uuid7, editable=False, unique=True)),
                ('email', accounts.models.user.LowerEmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                ('display_name', models.CharField(blank=True, max_length=80, verbose_name='display name')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('support', 'Support'), ('provider', 'Provider'), ('trader', 'Trader'), ('affiliate', 'Affiliate')], default='trader', max_length=16, verbose_name='role')),
                ('locale', models.CharField(choices=[('en', 'English'), ('uk', 'Українська'), ('es', 'Español')], default='en', max_length=8, verbose_name='language')),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[accounts.models.user.validate_time_zone], verbose_name='time zone')),
                ('base_currency', models.CharField(default='USDT', max_length=10, validators=[django.core.validators.RegexValidator('^[A-Z0-9]{2,10}$')], verbose_name='base currency')),
                ('theme', models.CharField(choices=[('dark-trader', 'Dark Trader'), ('professional', 'Professional'), ('gold-minimal', 'Gold Minimal')], default='dark-trader', max_length=16, verbose_name='theme')),
                ('colour_blind', models.BooleanField(default=False, verbose_name='colours for the colour-blind')),
                ('red_is_up', models.BooleanField(default=False, verbose_name='red is up')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('is_staff', models.BooleanField(default=False, editable=False, verbose_name='staff')),
                ('date_joined', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=mimic.core.ids.uuid7, editable=False, unique=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('prefix', models.CharField(max_length=12, verbose_name='begins with')),
                ('digest', models.BinaryField(unique=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None, verbose_name='scopes')),
                ('networks', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=43), default=list, size=None, verbose_name='networks')),
                ('tier', models.CharField(choices=[('standard', 'Standard'), ('high', 'High')], default='standard', max_length=16, verbose_name='tier')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('expires_at', models.DateTimeField(null=True, verbose_name='expires')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked')),
                ('last_used_at', models.DateTimeField(null=True, verbose_name='last used')),
                ('last_used_address', models.GenericIPAddressField(null=True, verbose_name='last used from')),
                ('follows', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='followed_by', to='accounts.apikey', verbose_name='follows')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='ApiKeyDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('requests', models.PositiveBigIntegerField(default=0)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='accounts.apikey')),
            ],
        ),
        migrations.CreateModel(
            name='BrowserSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=mimic.core.ids.uuid7, editable=False, unique=True)),
                ('session_key', models.CharField(editable=False, max_length=40, unique=True)),
                ('device', models.CharField(blank=True, max_length=60, verbose_name='device')),
                ('network', models.CharField(blank=True, max_length=43, verbose_name='network')),
                ('created_at', models.DateTimeField(verbose_name='signed in')),
                ('seen_at', models.DateTimeField(verbose_name='last seen')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='browser_sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'signed-in browser',
                'verbose_name_plural': 'signed-in browsers',
                'ordering': ('-seen_at',),
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('terms', 'Terms of use'), ('privacy', 'Privacy notice'), ('risk', 'Risk disclosure'), ('copy_trading', 'Copy-trading disclosure'), ('master_account', 'Master account terms'), ('marketing', 'News and offers')], max_length=16, verbose_name='kind')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('locale', models.CharField(choices=[('en', 'English'), ('uk', 'Українська'), ('es', 'Español')], max_length=2, verbose_name='language')),
                ('digest', models.BinaryField(max_length=32, verbose_name='SHA-256 of the text')),
                ('given_at', models.DateTimeField(verbose_name='given')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='address')),
                ('user_agent', models.CharField(blank=True, max_length=200, verbose_name='browser')),
                ('withdrawn_at', models.DateTimeField(null=True, verbose_name='withdrawn')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'consent',
                'verbose_name_plural': 'consents',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('terms', 'Terms of use'), ('privacy', 'Privacy notice'), ('risk', 'Risk disclosure'), ('copy_trading', 'Copy-trading disclosure'), ('master_account', 'Master account terms'), ('marketing', 'News and offers')], max_length=16, verbose_name='kind')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('locale', models.CharField(choices=[('en', 'English'), ('uk', 'Українська'), ('es', 'Español')], max_length=2, verbose_name='language')),
                ('body', models.TextField(verbose_name='text')),
                ('digest', models.BinaryField(max_length=32, verbose_name='SHA-256')),
                ('published_at', models.DateTimeField(verbose_name='published')),
            ],
            options={
                'verbose_name': 'consent text',
                'verbose_name_plural': 'consent texts',
                'ordering': ('kind', '-version', 'locale'),
                'constraints': [models.UniqueConstraint(fields=('kind', 'version', 'locale'), name='consent_text_once_a_language')],
            },
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kid', models.CharField(max_length=32, unique=True, verbose_name='key id')),
                ('public_key', models.TextField(verbose_name='public key')),
                ('private_key', models.TextField(verbose_name='sealed private key')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('accepted_until', models.DateTimeField(null=True, verbose_name='accepted until')),
            ],
            options={
                'verbose_name': 'token signing key',
                'verbose_name_plural': 'token signing keys',
                'ordering': ('-created_at',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('accepted_until__isnull', True)), fields=('accepted_until',), name='one_key_signs', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='TelegramAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('telegram_id', models.BigIntegerField(unique=True)),
                ('name', models.CharField(blank=True, max_length=128, verbose_name='name')),
                ('username', models.CharField(blank=True, max_length=64, verbose_name='user name')),
                ('linked_at', models.DateTimeField(verbose_name='linked')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='telegram', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'Telegram account',
                'verbose_name_plural': 'Telegram accounts',
            },
        ),
        migrations.CreateModel(
            name='TokenFamily',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=mimic.core.ids.uuid7, editable=False, unique=True)),
                ('label', models.CharField(blank=True, max_length=80, verbose_name='program')),
                ('password_mark', models.CharField(editable=False, max_length=128)),
                ('second_factor', models.BooleanField(verbose_name='second factor shown')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='address')),
                ('created_at', models.DateTimeField(verbose_name='signed in')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='expires')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('ended_by', models.CharField(blank=True, choices=[('logout', 'Signed out'), ('reuse', 'A spent refresh token came again'), ('person', 'Ended by the person'), ('operator', 'Ended by an operator'), ('password', 'The password changed')], max_length=16, verbose_name='ended by')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='token_families', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-in of a program',
                'verbose_name_plural': 'sign-ins of programs',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='RefreshToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('family', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.tokenfamily')),
            ],
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_staff', True), ('role__in', ['admin', 'owner', 'support'])), models.Q(('is_staff', False), ('role__in', ['provider', 'trader', 'affiliate'])), _connector='OR'), name='user_staff_follows_role'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('is_superuser', False), ('role', 'owner'), _connector='OR'), name='user_superuser_is_owner'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='user_email_is_lower'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('theme__in', ['dark-trader', 'professional', 'gold-minimal'])), name='user_theme_is_known'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('locale__in', ['en', 'uk', 'es'])), name='user_locale_is_known'),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(('scopes__len__gt', 0)), name='api_key_may_do_something'),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(('tier__in', ['standard', 'high'])), name='api_key_tier_known'),
        ),
        migrations.AddConstraint(
            model_name='apikeyday',
            constraint=models.UniqueConstraint(fields=('key', 'day'), name='api_key_day_once'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('user', 'kind', 'version'), name='consent_once_a_version'),
        ),
        migrations.AddConstraint(
            model_name='tokenfamily',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_by', '')), models.Q(('ended_at__isnull', False), ('ended_by__in', ['logout', 'reuse', 'person', 'operator', 'password'])), _connector='OR'), name='token_family_end_has_a_cause'),
        ),
    ]
