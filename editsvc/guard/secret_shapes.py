"""Keys that are known by their shape: most providers give theirs a prefix and a length.

Each shape is one row of the table below, taken from the provider's documentation, from public lists of such shapes, or
from the keys themselves. All quantifiers have bounds, so that time grows with the length of the text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class SecretShape:
    """A kind of key: group 1 of `pattern` is the secret, which begins with one of `beginnings`.

    Or else `inside` is found in the word that it is, or is a part of.
    """

    kind: str
    beginnings: tuple[str, ...]
    pattern: re.Pattern[str]
    inside: re.Pattern[str] | None


# A key may follow an escape such as \n, whose letter is no part of it.
_BEGIN: Final = r"(?:(?<!\w)|(?<=\\[nrt]))"
_END: Final = r"(?!\w)"


def _shape(
    kind: str, beginnings: Sequence[str], body: str, *, begin: str = _BEGIN, inside: str | None = None
) -> SecretShape:
    return SecretShape(
        kind,
        tuple(beginnings),
        re.compile(f"{begin}({body}){_END}", re.ASCII),
        None if inside is None else re.compile(inside),
    )


SHAPES: Final = (
    # Clouds and hosting
    _shape("AWS access key", ["AKIA", "ASIA"], r"A[KS]IA[A-Z2-7]{16}"),
    _shape("Google API key", ["AIza"], r"AIza[\w-]{35}"),
    _shape("Google OAuth secret", ["GOCSPX-"], r"GOCSPX-[\w-]{28}"),
    _shape("Google OAuth token", ["ya29."], r"ya29\.[\w-]{30,2000}"),
    _shape(
        "Azure client secret",
        [],
        r"[\w.~]{3}[0-9]Q~[\w.~-]{31,34}",
        begin=r"(?<![\w.~-])(?=\w*[a-zA-Z])",
        inside=r"Q~",
    ),
    _shape("Azure account key", [], r"[\w+/]{86}==", begin=r"(?<=AccountKey=)", inside=r"AccountKey="),
    _shape("Alibaba access key", ["LTAI"], r"LTAI[A-Za-z0-9]{16,26}"),
    _shape("DigitalOcean token", ["dop_v1_", "doo_v1_", "dor_v1_"], r"do[opr]_v1_[a-f0-9]{64}"),
    _shape("Heroku key", ["HRKU-"], r"HRKU-[\w-]{36,64}"),
    _shape("Cloudflare origin key", ["v1.0-"], r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}"),
    _shape("Databricks token", ["dapi"], r"dapi[a-f0-9]{32}(?:-[0-9])?"),
    _shape("Vault token", ["hvs.", "hvb.", "hvr."], r"hv[sbr]\.[\w-]{24,300}"),
    _shape("Terraform token", [], r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}", inside=r"\.atlasv1\."),
    _shape("Pulumi token", ["pul-"], r"pul-[a-f0-9]{40}"),
    _shape("Doppler token", ["dp."], r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,80}"),
    _shape("PlanetScale token", ["pscale_"], r"pscale_(?:tkn|pw|oauth)_[\w=.-]{32,64}"),
    _shape("Supabase token", ["sbp_", "sb_secret_"], r"sbp_[a-f0-9]{40}|sb_secret_[\w-]{31,50}"),
    _shape("Tailscale key", ["tskey-"], r"tskey-[a-z]{3,10}-\w{6,30}-\w{20,60}"),
    # Forges and registries
    _shape("GitHub token", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _shape("GitHub fine-grained token", ["github_pat_"], r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _shape(
        "GitLab token",
        ["glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", "glsoat-", "glagent-"],
        r"gl(?:pat|ptt|dt|rt|cbt|soat|agent)-[\w-]{20,60}(?:\.[\w.]{2,40})?",
    ),
    _shape("Bitbucket password", ["ATBB"], r"ATBB[A-Za-z0-9]{32}"),
    _shape("Atlassian token", ["ATATT3", "ATCTT3"], r"AT[AC]TT3[\w=-]{60,250}"),
    _shape("npm token", ["npm_"], r"npm_[A-Za-z0-9]{36}"),
    _shape("PyPI token", ["pypi-AgE"], r"pypi-AgE[\w-]{50,1000}"),
    _shape("RubyGems key", ["rubygems_"], r"rubygems_[a-f0-9]{48}"),
    _shape("Cargo token", ["cio"], r"cio(?=[A-Za-z]*[0-9])[A-Za-z0-9]{32}"),
    _shape("Docker Hub token", ["dckr_"], r"dckr_(?:pat|oat)_[\w-]{27,40}"),
    # Chat and mail
    _shape("Slack token", ["xox"], r"xox[abeoprs]-(?=[\w-]{0,40}[0-9])[\w-]{20,250}"),
    _shape("Slack app token", ["xapp-"], r"xapp-[0-9]-[A-Z0-9]{8,14}-[0-9]{8,16}-[a-f0-9]{32,80}"),
    _shape(
        "Slack webhook",
        [],
        r"T[A-Z0-9]{7,14}/B[A-Z0-9]{7,14}/[A-Za-z0-9]{20,30}",
        begin=r"(?<=hooks\.slack\.com/services/)",
        inside=r"hooks\.slack\.com/",
    ),
    _shape(
        "Discord webhook",
        [],
        r"[0-9]{17,20}/[\w-]{60,80}",
        begin=r"(?<=/api/webhooks/)",
        inside=r"/api/webhooks/",
    ),
    _shape(
        "Discord bot token",
        [],
        r"[MNO][A-Za-z0-9]{23,27}\.[\w-]{6}\.[\w-]{27,38}",
        begin=r"(?<![\w.-])",
        inside=r"[MNO][A-Za-z0-9]{23}",
    ),
    _shape(
        "Telegram bot token",
        [],
        r"[0-9]{8,10}:AA[\w-]{33}",
        begin=r"(?:(?<!\w)|(?<=/bot))",
        inside=r":AA",
    ),
    _shape("SendGrid key", ["SG."], r"SG\.[\w-]{22}\.[\w-]{43}"),
    _shape("Mailgun key", ["key-"], r"key-[a-f0-9]{32}"),
    _shape("Mailchimp key", [], r"[a-f0-9]{32}-us[0-9]{1,2}", inside=r"-us[0-9]"),
    # Payment and shops
    _shape(
        "Stripe key",
        ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "pk_test_", "sk_prod_", "rk_prod_"],
        r"[srp]k_(?:live|test|prod)_[A-Za-z0-9]{20,250}",
    ),
    _shape("Stripe webhook secret", ["whsec_"], r"whsec_[A-Za-z0-9+/]{32,64}"),
    _shape("Square token", ["sq0"], r"sq0(?:atp-[\w-]{22}|csp-[\w-]{43})"),
    _shape("Shopify token", ["shp"], r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    # Models
    _shape("OpenAI key", [], r"sk-[\w-]{20,100}T3BlbkFJ[\w-]{20,100}", inside=r"T3BlbkFJ"),
    _shape("Anthropic key", ["sk-ant-"], r"sk-ant-[a-z]{3,8}[0-9]{2}-[\w-]{80,120}"),
    _shape("Cerebras key", ["csk-"], r"csk-[a-z0-9]{48}"),
    _shape("Groq key", ["gsk_"], r"gsk_[A-Za-z0-9]{52}"),
    _shape("OpenRouter key", ["sk-or-"], r"sk-or-v1-[a-f0-9]{64}"),
    _shape("xAI key", ["xai-"], r"xai-[A-Za-z0-9]{80}"),
    _shape("Hugging Face token", ["hf_"], r"hf_[A-Za-z]{34}"),
    _shape("Replicate token", ["r8_"], r"r8_[A-Za-z0-9]{37}"),
    # Tools
    _shape("Sentry token", ["sntry"], r"sntry[su]_[\w+/=-]{60,300}"),
    _shape("Grafana token", ["glsa_", "glc_"], r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_eyJ[\w+/=]{30,400}"),
    _shape("New Relic key", ["NRAK-"], r"NRAK-[A-Z0-9]{27}"),
    _shape("Linear key", ["lin_api_"], r"lin_api_[A-Za-z0-9]{40}"),
    _shape("Notion token", ["ntn_"], r"ntn_[A-Za-z0-9]{40,60}"),
    _shape("Figma token", ["figd_"], r"figd_[\w-]{38,50}"),
    _shape("Postman key", ["PMAK-"], r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _shape("age key", ["AGE-SECRET-KEY-1"], r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}"),
    # Passwords and identity
    _shape(
        "1Password secret key",
        ["A3-"],
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
    ),
    _shape("1Password account token", ["ops_eyJ"], r"ops_eyJ[\w+/-]{60,2000}={0,3}"),
    _shape("Okta token", ["00"], r"00(?=[\w-]*[A-Z])(?=[\w-]*[a-z][\w-]*[A-Z])[\w-]{40}"),
    _shape("OpenShift token", ["sha256~"], r"sha256~[\w-]{43}"),
    _shape(
        "Authress key",
        ["sc_", "ext_", "scauth_", "authress_"],
        r"(?:sc|ext|scauth|authress)_[a-zA-Z0-9]{5,30}\.[a-zA-Z0-9]{4,6}\.acc[_-][a-zA-Z0-9-]{10,32}\.[\w+/=-]{30,120}",
    ),
    _shape("Defined Networking token", ["dnkey-"], r"dnkey-[\w=-]{26}-[\w=-]{52}"),
    # More of Clouds
    _shape(
        "Bedrock key",
        ["ABSK", "bedrock-api-key-"],
        r"ABSK[A-Za-z0-9+/]{109,269}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{40,2000}",
    ),
    _shape(
        "AWS session token",
        ["IQoJb3JpZ2lu", "FwoGZXIvYXdz"],
        r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/]{60,2000}={0,2}",
    ),
    _shape(
        "Amazon MWS token",
        ["amzn.mws."],
        r"amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    _shape("Adobe secret", ["p8e-"], r"p8e-[a-zA-Z0-9]{32}"),
    _shape("ClickHouse key", ["4b1d"], r"4b1d(?=\w*[G-Zg-z])[A-Za-z0-9]{38}"),
    _shape(
        "Fly.io token", ["fo1_", "fm1", "fm2_"], r"fo1_[\w-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{80,2000}={0,3}"
    ),
    _shape("Netlify token", ["nfp_"], r"nfp_[A-Za-z0-9]{36,50}"),
    _shape("Scalingo token", ["tk-us-"], r"tk-us-[\w-]{48}"),
    _shape(
        "Yandex key",
        ["AQVN", "YC", "t1."],
        r"AQVN[\w-]{35,38}|YC(?=[\w-]*[0-9])(?=[\w-]*[a-z])[\w-]{38}|t1\.[\w-]{20,400}={0,2}\.[\w-]{86}={0,2}",
    ),
    _shape("Neon key", ["napi_"], r"napi_[a-z0-9]{40,70}"),
    _shape("Harness key", ["pat.", "sat."], r"[ps]at\.[\w-]{22}\.[a-zA-Z0-9]{24}\.[a-zA-Z0-9]{20}"),
    _shape(
        "LaunchDarkly key",
        ["sdk-", "mob-", "api-"],
        r"(?:sdk|mob|api)-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    _shape("Infracost key", ["ico-"], r"ico-[a-zA-Z0-9]{32}"),
    _shape("Octopus Deploy key", ["API-"], r"API-(?=[A-Z]*[0-9])[A-Z0-9]{26,36}"),
    _shape("Prefect key", ["pnu_"], r"pnu_[a-zA-Z0-9]{36}"),
    # More of Forges and registries
    _shape(
        "GitLab client token",
        ["glffct-", "glft-", "glimt-", "gloas-", "GR1348941"],
        r"gl(?:ffct|ft|imt|oas)-[\w-]{20,70}|GR1348941[\w-]{20}",
    ),
    _shape("Artifactory key", ["AKCp", "cmVmd"], r"AKCp[A-Za-z0-9]{60,80}|cmVmd(?=\w*[0-9])[A-Za-z0-9]{59}"),
    _shape("Buildkite token", ["bkua_", "bkaj_"], r"bk(?:ua|aj)_[a-zA-Z0-9]{40}"),
    _shape("CircleCI token", ["CCIPAT_", "CCIPRJ_"], r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{18,24}_[a-f0-9]{40}"),
    _shape("Clojars token", ["CLOJARS_"], r"CLOJARS_[a-zA-Z0-9]{60}"),
    _shape(
        "Sourcegraph token",
        ["sgp_", "slk_"],
        r"sgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}|slk_[a-f0-9]{64}",
    ),
    _shape("Sonar token", ["squ_", "sqp_", "sqa_"], r"sq[upa]_[a-z0-9]{40}"),
    # More of Chat, mail and media
    _shape("Brevo key", ["xkeysib-", "xsmtpsib-"], r"x(?:keysib|smtpsib)-[a-f0-9]{64}-[a-zA-Z0-9]{16}"),
    _shape("Mailgun key of another kind", ["pubkey-"], r"pubkey-[a-f0-9]{32}"),
    _shape("Resend key", ["re_"], r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,30}"),
    _shape(
        "Teams webhook",
        [],
        r"[a-z0-9]{32}/[a-z0-9-]{36}(?:/[\w-]{20,60})?",
        begin=r"(?<=/IncomingWebhook/)",
        inside=r"/IncomingWebhook/",
    ),
    _shape(
        "Slack workflow",
        [],
        r"T[A-Z0-9]{7,14}/[AF][A-Z0-9]{7,14}/[0-9]{10,20}/[A-Za-z0-9]{20,30}",
        begin=r"(?<=hooks\.slack\.com/workflows/)",
        inside=r"hooks\.slack\.com/workflows",
    ),
    _shape("Slack configuration token", ["xoxe."], r"xoxe\.xox[bp]-[0-9]-[A-Za-z0-9]{100,200}"),
    _shape("Twilio key", ["SK"], r"SK[0-9a-f]{32}"),
    _shape("Facebook token", ["EAA"], r"EAA(?=[A-Za-z]*[0-9])[A-Za-z0-9]{80,300}"),
    _shape("Firebase key", ["AAAA"], r"AAAA[\w-]{7}:APA91b[\w-]{100,200}"),
    _shape("X bearer token", ["AAAAAAAAAAAAAAAAAAAAAA"], r"A{22}[A-Za-z0-9%]{60,120}"),
    _shape("Dropbox token", ["sl."], r"sl\.(?:u\.)?[\w=-]{100,1500}"),
    _shape("Dropbox long-lived token", [], r"[a-z0-9]{11}A{10}[\w=-]{43}", inside=r"A{10}"),
    _shape("Frame.io token", ["fio-u-"], r"fio-u-[\w=-]{64}"),
    _shape("Mapbox token", ["sk.eyJ", "tk.eyJ"], r"[st]k\.eyJ[\w-]{40,200}\.[\w-]{20,30}"),
    _shape("Typeform token", ["tfp_"], r"tfp_[\w.=-]{40,80}"),
    _shape("ReadMe key", ["rdme_"], r"rdme_[a-z0-9]{70}"),
    _shape("Airtable token", ["pat"], r"pat[a-zA-Z0-9]{14}\.[a-f0-9]{64}"),
    _shape("Asana token", ["1/", "2/"], r"[12]/[0-9]{16}(?:/[0-9]{16})?:[a-f0-9]{32}"),
    _shape(
        "HubSpot token",
        ["pat-"],
        r"pat-(?:na|eu|ap)[0-9]-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    _shape("Google refresh token", ["1//0"], r"1//0[\w-]{60,200}"),
    # More of Payment and shops
    _shape("Duffel token", ["duffel_"], r"duffel_(?:test|live)_[\w=-]{43}"),
    _shape("EasyPost key", ["EZAK", "EZTK"], r"EZ[AT]K[a-zA-Z0-9]{54}"),
    _shape("Flutterwave key", ["FLWSECK", "FLWPUBK"], r"FLW(?:SEC|PUB)K(?:_TEST)?-[a-zA-Z0-9]{12,40}(?:-X)?"),
    _shape("GoCardless or Lob key", ["live_"], r"live_(?=[\w=-]*[0-9])(?:[a-f0-9]{35}|[\w=-]{40})"),
    _shape(
        "Plaid token",
        ["access-"],
        r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    _shape("Razorpay key", ["rzp_"], r"rzp_(?:live|test)_[A-Za-z0-9]{14,20}"),
    _shape("SettleMint token", ["sm_aat_", "sm_pat_", "sm_sat_"], r"sm_[aps]at_[a-zA-Z0-9]{16}"),
    _shape("Shippo token", ["shippo_"], r"shippo_(?:live|test)_[a-fA-F0-9]{40}"),
    _shape("Square access token", ["EAAA"], r"EAAA(?=[A-Za-z]*[0-9])[\w-]{55,64}"),
    _shape("MaxMind key", [], r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk", inside=r"_mmk"),
    # More of Models
    _shape(
        "OpenAI-like key",
        ["sk-"],
        r"sk-(?:proj-|svcacct-|admin-|lf-|or-|ss-)?(?=[A-Za-z-]{0,60}[0-9])[A-Za-z0-9_-]{32,200}",
    ),
    _shape("Perplexity key", ["pplx-"], r"pplx-[a-zA-Z0-9]{40,60}"),
    _shape("NVIDIA key", ["nvapi-"], r"nvapi-[\w-]{60,70}"),
    _shape("Fireworks key", ["fw_"], r"fw_(?=[A-Za-z]*[0-9])[A-Za-z0-9]{22,40}"),
    _shape("Pinecone key", ["pcsk_"], r"pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{40,80}"),
    _shape("Tavily key", ["tvly-"], r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{28,40}"),
    _shape("LangSmith key", ["lsv2_"], r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    _shape("Hugging Face organization token", ["api_org_"], r"api_org_[a-zA-Z]{34}"),
    # More of Tools
    _shape("Dynatrace token", ["dt0"], r"dt0[a-zA-Z][0-9]{2}\.[A-Z0-9a-z]{24}\.[A-Z0-9a-z]{64}"),
    _shape("Grafana key", ["eyJrIjoi"], r"eyJrIjoi[A-Za-z0-9]{70,400}={0,3}"),
    _shape("New Relic key of another kind", ["NRJS-", "NRII-"], r"NRJS-[a-f0-9]{19}|NRII-[\w-]{32}"),
    _shape("New Relic licence", [], r"[0-9a-f]{36}NRAL", inside=r"NRAL"),
    _shape("PostHog key", ["phx_"], r"phx_[A-Za-z0-9]{40,50}"),
    _shape(
        "Notion key of another kind",
        ["secret_"],
        r"secret_(?=[A-Za-z]*[0-9])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{43}",
    ),
    _shape("42 secret", ["s-s4t2"], r"s-s4t2(?:ud|af)-[a-f0-9]{64}"),
    _shape("Vault token of another kind", ["s."], r"s\.(?=[A-Za-z]*[0-9])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{24}"),
    _shape("JSON Web Token, encoded", ["ZXlK"], r"ZXlK[A-Za-z0-9+/]{80,4000}={0,2}"),
    # RFC 7519 in the compact form of RFC 7515: header and payload are base64url of JSON objects.
    _shape(
        "JSON Web Token",
        ["eyJ"],
        r"eyJ[\w-]{10,2000}\.eyJ[\w-]{4,8000}\.[\w-]{16,2000}",
        begin=r"(?<![\w.-])",
    ),
)
