"""Shapes written from the issuers' public documentation before anybody looked at what the masking knows.

A shape is `NAME=template`; `{a20}` stands for 20 random letters and digits, `{h}` hexadecimal, `{d}` digits, `{u}` upper
case and digits, `{l}` lower case and digits, `{b}` base64, `{w}` base64 for URLs, `{p}` what a password generator uses.
Names are such that they tell nothing, except where the name is all that tells (a chosen password). The first of each
two shapes is for tuning; the second is judged only.
"""

from __future__ import annotations

import random
import re
import string

DRAWS = 20

_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "b": string.ascii_letters + string.digits + "+/",
    "d": string.digits,
    "h": "0123456789abcdef",
    "l": string.ascii_lowercase + string.digits,
    "p": string.ascii_letters + string.digits + "!#$%&*@^_-+=?",
    "u": string.ascii_uppercase + string.digits,
    "w": string.ascii_letters + string.digits + "-_",
}

SECRETS = r"""
GITLAB=glpat-{w20}
RUNNER=glrt-{w20}
SLACK_HOOK=https://hooks.slack.com/services/T{u8}/B{u10}/{a24}
DISCORD=https://discord.com/api/webhooks/{d18}/{w68}
BOT={d10}:AA{w33}
NPM=npm_{a36}
UPLOADER=pypi-AgEIcHlwaS5vcmc{w120}
DIGITALOCEAN=dop_v1_{h64}
SHOPIFY=shpat_{h32}
MAILGUN=key-{h32}
SENDGRID=SG.{w22}.{w43}
VAULT=hvs.{w95}
TERRAFORM={a14}.atlasv1.{a67}
DATABRICKS=dapi{h32}
STORAGE=DefaultEndpointsProtocol=https;AccountName=shopdata;AccountKey={b86}==;EndpointSuffix=core.windows.net
SERVICE_BUS=Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={b43}=
BLOB=https://shop.blob.core.windows.net/c/report.csv?sv=2023-11-03&se=2026-12-01T00%3A00%3A00Z&sr=b&sp=r&sig={a42}%3D
DOWNLOAD=https://shop.s3.amazonaws.com/a.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature={h64}
GOOGLE_ACCOUNT={"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\n{b64}\\n-----END PRIVATE KEY-----\\n"}
DEPLOY=-----BEGIN OPENSSH PRIVATE KEY-----\n{b70}\n-----END OPENSSH PRIVATE KEY-----
AGE_IDENTITY=AGE-SECRET-KEY-1{u58}
DOCKER_CONFIG={"auths": {"registry.example.com": {"auth": "{a28}"}}}
HEADER=Basic {a22}==
ODBC=Driver={ODBC Driver 18 for SQL Server};Server=tcp:db.internal,1433;UID=sa;PWD={a12}
JDBC=jdbc:postgresql://db.internal:5432/shop?user=shop&password={a10}
KAFKA=org.apache.kafka.common.security.plain.PlainLoginModule required username="shop" password="{a10}";
CACHE=redis://:{a12}@cache.internal:6379/0
BROKER=amqp://shop:{a6}%2F{a4}@mq.internal/%2Fshop
GRAFANA=glsa_{a32}_{h8}
LINEAR=lin_api_{a40}
NOTION=ntn_{d11}{a35}
ANTHROPIC=sk-ant-api03-{w93}AA
OPENAI=sk-proj-{w74}T3BlbkFJ{w74}
HUGGING_FACE=hf_{a34}
FLY=FlyV1 fm2_{b120}
DOPPLER=dp.pt.{a43}
NEW_RELIC=NRAK-{u27}
POSTMAN=PMAK-{h24}-{h34}
DYNATRACE=dt0c01.{u24}.{u64}
SQUARE=sq0atp-{w22}
PLANETSCALE=pscale_tkn_{w43}
SUPABASE=sbp_{h40}
JIRA=ATATT3xFfGF0{w180}={u8}
GOOGLE_CLIENT=GOCSPX-{w28}
REFRESH=1//0g{w64}
GOOGLE_SESSION=ya29.{w120}
FIGMA=figd_{w40}
BITBUCKET=ATBB{a24}{u8}
STRIPE=rk_live_{a24}
STRIPE_HOOK=whsec_{a32}
NETRC=machine git.internal login ci password {a10}
PUTTY=PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n{b48}
WIREGUARD={b43}=
FERNET={w43}=
COOKIES=session={w40}; csrftoken={a32}
PASETO=v4.local.{w100}
JWE=eyJ{w40}..{w16}.{w60}.{w22}
MONGO=mongodb+srv://shop:{a12}@cluster0.abcde.mongodb.net/?retryWrites=true&w=majority
CHAT_HOOK=https://chat.googleapis.com/v1/spaces/AAAA{a7}/messages?key=AIza{w35}&token={w43}
TEAMS_HOOK=https://shop.webhook.office.com/webhookb2/{h8}-{h4}-4{h3}-a{h3}-{h12}/IncomingWebhook/{h32}/{h8}-{h4}-4{h3}-a{h3}-{h12}
KUBECONFIG_DATA=apiVersion: v1\nusers:\n- name: ci\n  user:\n    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo{b40}
TLS_BUNDLE=LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t{b80}
SOURCEGRAPH=sgp_{h16}_{h40}
PULUMI=pul-{h40}
OKTA=SSWS 00{w40}
PUSH=AAAA{w7}:APA91b{w134}
CLOUDINARY=cloudinary://{d15}:{w27}@shop
AWS_PAIR=AKIA{u16}:{b40}
SETTING_A={b40}
SETTING_B={p24}
SETTING_C={a32}
SETTING_D={h32}
SETTING_E={p16}
SETTING_F={h64}
ARGS=--user ci --password {a10} --host db.internal
CURL_OPTIONS=-u deploy:{a12} --fail
WEBHOOK=https://api.example.com/hook?api_key={a20}
AUTH_HEADERS=X-Api-Key: {a24}
PROXY=http://ci:{p10}@proxy.internal:3128
CONNECTION=host=db.internal user=shop password='{a9}' dbname=shop
PGPASSWORD=wonderland
MYSQL_PWD=wonderland
SSHPASS=wonderland
REDISCLI_AUTH=wonderland
RESTIC_PASSWORD=correct horse battery staple
SECRET_KEY_BASE=changeme
GPG_PASSPHRASE=correct horse battery staple
ANSIBLE_BECOME_PASS=wonderland
LDAP_BIND_PW=wonderland
RAILS_MASTER_KEY=wonderland
DJANGO_SUPERUSER_PASSWORD=admin
JENKINS_API_TOKEN=wonderland
spring.datasource.password=wonderland
appSecret=wonderland
WALLET_MNEMONIC=legal winner thank year wave sausage worth useful legal winner thank yellow
TOTP_SEED=JBSWY3DPEHPK3PXP
X_API_KEY=wonderland
SIGNING_SALT=wonderland
SESSION_COOKIE=wonderland
OAUTH_CLIENT_SECRET=wonderland
"""

LOOK_ALIKES = r"""
GITHUB_SHA={h40}
IMAGE=registry.example.com/shop/web@sha256:{h64}
TRACE_PARENT=00-{h32}-{h16}-01
BUILD_ID={h8}-{h4}-4{h3}-a{h3}-{h12}
SSH_IDENTITY_PUB=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b43} ci@shop
CA_BUNDLE=-----BEGIN CERTIFICATE-----\n{b64}\n{b64}\n-----END CERTIFICATE-----
VERIFIER=-----BEGIN PUBLIC KEY-----\n{b64}\n-----END PUBLIC KEY-----
SIGNER=rsa4096/{u40}
ROLE=arn:aws:iam::{d12}:role/shop-deployer
TABLE_STREAM=arn:aws:dynamodb:eu-west-1:{d12}:table/orders/stream/2026-11-20T10:11:12.345
STORE=/nix/store/{l32}-python3-3.12.7/bin
WHEEL=/root/.cache/pip/wheels/{h2}/{h2}/{h2}/{h56}
POD=web-{l10}-{l5}
NODE=ip-10-0-{d2}-{d2}.eu-west-1.compute.internal
REGISTRY={d12}.dkr.ecr.eu-west-1.amazonaws.com/shop/web:2026.11.20
TENANT={h8}-{h4}-4{h3}-8{h3}-{h12}
INTEGRITY=sha384-{b64}
CHECKSUM=md5:{h32}
JAVA_OPTS=-Xmx2g -XX:+UseG1GC -Dfile.encoding=UTF-8 -Djava.io.tmpdir=/var/tmp/{a8}
CLASSPATH=/opt/app/lib/spring-core-6.1.13.jar:/opt/app/lib/jackson-databind-2.17.2.jar:/opt/app/classes
LS_COLORS=rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:so=01;35:do=01;35:bd=40;33;01:cd=40;33;01:or=40;31;01
DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus,guid={h32}
SSH_AUTH_SOCK=/tmp/ssh-{a12}/agent.{d5}
XDG_SESSION_ID=c{d2}
GIT_ORIGIN=git@github.com:example/shop-backend.git
GIT_MIRROR=https://ci-reader@git.example.com/shop/backend.git
DATABASE=postgresql://shop@db.internal:5432/shop?sslmode=verify-full&connect_timeout=5
SEARCH=https://www.example.com/search?q=token+ring+password+policy&page=2
DOCS=https://docs.example.com/en/latest/howto/authentication-and-secrets.html
ANALYTICS=G-{u10}
CAPTCHA_SITE=6Le{w37}
PAYMENTS_PUBLISHABLE=pk_test_{a24}
TAG=v2026.11.20-rc.1+build.{d5}.{h8}
COMMIT_RANGE={h40}...{h40}
HARDWARE={h2}:{h2}:{h2}:{h2}:{h2}:{h2}
ADDRESS=fd12:3456:789a:{h4}::{h4}/64
SCHEDULE=*/15 2-6 * * MON-FRI
PATTERN=^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$
FEATURES={"new_checkout": true, "max_items": 40, "regions": ["eu-west-1", "us-east-1"]}
PROMPT=\[\e[32m\]\u@\h\[\e[0m\]:\w\$
MARKS=-m "not slow and not production" --maxfail=3 -p no:cacheprovider
CFLAGS=-O2 -g -fstack-protector-strong -Wformat -Werror=format-security -D_FORTIFY_SOURCE=2
RUNNER_IMAGE=ubuntu-24.04-20261101.{d3}.1
PUBLIC_HOST=ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{b128}
KNOWN_HOST=|1|{b27}=|{b27}= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b43}
MODULE=shop.payments.providers.stripe.webhooks.SignatureVerificationMiddleware
WINDOWS_PATH=C:\Users\runneradmin\AppData\Local\Programs\Python\Python312\Scripts
CHROMIUM_FLAGS=--disable-features=TranslateUI,BlinkGenPropertyTrees --remote-debugging-port=9222
FIREFOX_PROFILE={l8}.default-release-{d13}
DEVICE=/dev/disk/by-uuid/{h8}-{h4}-4{h3}-9{h3}-{h12}
CONTAINER={h12}
JOB=urn:uuid:{h8}-{h4}-4{h3}-b{h3}-{h12}
INVOCATION_ID={h32}
MACHINE={h32}
LAYER_CACHE=type=gha,scope=refs/heads/feature/new-checkout-flow-for-returning-customers
SELECTOR=app.kubernetes.io/name=shop,app.kubernetes.io/instance=shop-production-eu-west-1
SLACK_ROOM=C0{u9}
PROJECT=shop-prod-{d6}
BUCKET=s3://example-shop-artifacts-eu-west-1/builds/2026/11/20/{h40}.tar.zst
MESSAGE=Fix the flaky test of the password reset (#1234)
PERSON=Ada Lovelace <ada.lovelace@example.com>
ISSUER=https://token.actions.githubusercontent.com
DISCOVERY=https://login.microsoftonline.com/{h8}-{h4}-4{h3}-a{h3}-{h12}/v2.0/.well-known/openid-configuration
SERVICE_ACCOUNT=shop-deployer@shop-prod-{d6}.iam.gserviceaccount.com
CLIENT={d12}-{l32}.apps.googleusercontent.com
BROKERS=kafka-0.internal:9092,kafka-1.internal:9092,kafka-2.internal:9092
MIRROR=https://pypi.example.com/simple/?no-cache=1
WORKER=celery@worker-{d3}.{l8}.internal
STARTED=2026-11-20T16:09:21.{d6}+00:00
GEOMETRY=POLYGON((30.1234 10.5678, 40.9876 40.5432, 20.1111 40.2222, 30.1234 10.5678))
TOKENIZERS_PARALLELISM=no-fork
PASSENGER_APP_ENV=staging
COMPASS_DIRECTION=north
AUTHOR_NAME=Ada Lovelace
SECRETARY_EMAIL=office@example.com
BYPASS_CACHE=sometimes
HOTKEY=ctrl+shift+p
MONKEY_BARS=three
CREDENTIALS_PROVIDER=instance-profile
AUTH_BACKEND=django.contrib.auth.backends.ModelBackend
SESSION_TIMEOUT=3600s
COOKIE_DOMAIN=.example.com
CSRF_TRUSTED_ORIGINS=https://shop.example.com
GPG_TTY=/dev/pts/3
SSH_KEY_PATH=/home/ci/.ssh/id_ed25519
TOKEN_EXPIRY=15m
KEY_VAULT_NAME=shop-staging
KEYCLOAK_REALM=customers
PASSWORD_MIN_LENGTH=12
JWT_ALGORITHM=RS256
SECRET_NAME=shop/staging/database
AWS_SECRET_ARN=arn:aws:secretsmanager:eu-west-1:{d12}:secret:shop-{a6}
STRIPE_KEY_VERSION=2026-10-01
AUTH_URL=https://auth.example.com/oauth2/authorize
KEYRING_BACKEND=keyring.backends.null.Keyring
PASSWORDLESS_LOGIN=enabled
TOKEN_BUCKET_SIZE=500
PUBLIC_KEY={b43}=
RESTIC_PASSWORD_COMMAND=pass show backup/restic
VAULT_ADDR=https://vault.internal:8200
"""

_PLACE = re.compile(r"\{([abdhlpuw])(\d+)\}")


def draws(shapes: str) -> list[list[tuple[str, str]]]:
    """For each shape its draws, (name, value), always the same ones."""
    return [[_draw(line, number) for number in range(DRAWS)] for line in shapes.strip().splitlines()]


def _draw(shape: str, number: int) -> tuple[str, str]:
    chance = random.Random(f"{shape} {number}")
    name, template = shape.split("=", 1)
    value = _PLACE.sub(lambda place: "".join(chance.choices(_ALPHABETS[place[1]], k=int(place[2]))), template)
    return name, value.replace("\\n", "\n")
