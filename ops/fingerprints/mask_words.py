"""Words of error messages that say what stands beside them: a name or a value, a code or a number."""

from __future__ import annotations

import re


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMED = _set(
    """attribute attributes module modules named constraint column columns relation table tables field fields property
    properties parameter parameters argument arguments keyword var variable variables function method methods class
    classes package index schema database type types enum name identifier header option setting collection model
    path key object constant invoke because reading read calling library assembly service activate sequence trigger
    view procedure operator dependency plugin extension component bean annotation 属性 字段 列 表
    模块"""
)
"""A quoted word after one of these is the name of a thing."""
GIVEN = _set(
    """value values entry string input got received not user users email was given actual id token text host hostname
    file filename kind username login account tenant customer client for from to with at"""
)
"""A quoted word after one of these is data."""
NAMED_AFTER = re.compile(
    r"""[)\]}]*\s*(?:=|object\b|is\ (?:a\ )?required|are\ required|is\ (?:not\ )?defined|is\ undefined
    |(?:is|was)\ missing
    |field\b|property\b|column\b|attribute\b|argument\b|parameter\b|module\b|relation\b|constraint\b|table\b|key\b
    |(?:must|may|should|can)(?:\ not)?\ (?:be|have|match|contain)|cannot\ be|can't\ be|has\ no\ attribute|not\ in\ index
    |was\ unexpected|(?:is|are)\ not\ allowed|is\ not\ callable|is\ null|violates|not\ found\ in\ axis
    |は必須|不能为空)""",
    re.VERBOSE,
)
"""A quoted word before one of these is the name of a thing."""
NAME = re.compile(r"[@$.:~/\\]*[^\W\d][\w$.:@/\\\[\]*?+-]*(?:\(\))?")
TYPES = _set(
    """str int float dict list tuple bytes bool set NoneType None object string number integer boolean array null
    undefined function symbol bigint Decimal datetime map"""
)
"""Kept wherever they are quoted."""
SPELLED = _set(
    """s3 ec2 sha1 sha224 sha256 sha384 sha512 md5 utf8 utf16 utf-8 utf-16 utf8mb4 base64 base32 int8 int16 int32 int64
    uint8 uint16 uint32 uint64 float16 float32 float64 complex64 http2 http3 oauth2 ipv4 ipv6 x86_64 amd64 arm64
    aarch64 log4j log4j2 ed25519 aes128 aes256 x509 mp3 mp4 win32 es6 python3 k8s i18n l10n route53 p12 h2 h264 u8
    u16 u32 u64 i8 i16 i32 i64 f32 f64 latin1 cp1252 web3 tls1 d3 neo4j ed448 rs256 hs256 es256 boto3 psycopg2
    mysql2 pg8000 urllib3 jinja2 lxml2 e2e b2b v8 vec2"""
)
"""Words that have digits and are no numbers (in small letters)."""
CODED = _set(
    """status statuscode status_code httpstatus http_status errno sqlstate signal exitcode exit_code winerror errorcode
    error_code sqlcode http returncode rc pgcode state exit vendorcode nativeerror 状态码 错误代码 错误码
    ステータスコード エラーコード ステータス
    fehlercode hresult http-status http-code curle ошибка код código codice"""
)
"""A number after one of these is a code."""
CODED_FIELDS = _set("code errorcode error_code type __type reason status statuscode errno error")
"""The value of such a field of a record is a code: ``{"code": "ECONNRESET"}``."""
NAMED_IN_CJK = ("モジュール", "列", "テーブル", "カラム", "属性", "字段", "欄位", "模块", "参数", "パラメータ")
"""Words that need no space before the name that they announce."""
CODE_OF = _set("""status exit error response return result reason http close sql native vendor api server""")
"""Before "code": what it is the code of."""
ANSWERED = _set(
    """returned returns got received response responded replied answered with success status exited exit: reply was"""
)
"""A number of three digits after one of these may be an HTTP status."""
REASON = re.compile(
    r"\s+(?:\w+\s+)?(?:Service\ Unavailable|Not\ Found|Bad\ Gateway|Too\ Many|Internal\ Server|Forbidden|Unauthorized"
    r"|Bad\ Request|Gateway|Conflict|Gone|Payment|Unprocessable|Method\ Not|Request\ Time|Request\ Entity|Server\ Error"
    r"|Client\ Error|Precondition|Length\ Required|OK\b|Moved|Redirect|\(\w+)".replace("\\ ", " "),
    re.IGNORECASE,
)
"""HTTP's phrases after a status."""
NO_UNIT = re.compile(r"\s*(?:$|[.,;:)\]\"'!—-]|(?:for|from|on|while|when|instead|but|at|after|in|by|and|to)\b|\(|\n)")
"""What may follow a status that is not the number of anything."""
SHORT = re.compile(r"-?[A-Za-z_-]{0,20}\d{0,6}")
OUTCOMES = _set("code status state reason error fault result outcome")
"""A quoted word after one of these may be a code."""
COUNTED = _set(
    """attempt attempts retry retries try tries of row rows line lines column shard partition port worker thread version
    after within over limit timeout page chunk part position offset index item step batch size count total than least
    most max maximum min minimum in at pid process node replica took waited field char user order id number no"""
)
"""A number after one of these counts or names something."""
UNIT = re.compile(
    r"\s?(?:%|(?:[kKMGT]i?)?[bB](?:ytes?)?\b|ms\b|s\b|sec|min|hours?\b|days?\b|rows?\b|items?\b|times?\b|attempts?\b"
    r"|retries\b|messages?\b|records?\b|entries\b|lines?\b|of\b|characters?\b|connections?\b|EUR\b|USD\b)"
)
"""A number before one of these counts something."""
VENDOR = re.compile(
    r"(?:ORA|PLS|TNS|SP2|SQL|DSRA|AMQ|CWWK[A-Z]|WFLY|HHH|UT|JBAS|ISPN|AADSTS|MSB|NU|CS|TS|CA|IDX|SSL|PG|DB2|ERR|E|EF|KB"
    r"|NETSDK|BC|FS|NPM|MONGO|DPY|DPI|IMS|IBM|JWT|HTTP|HV|WELD)-?\d{2,6}[A-Z]?|(?:[A-Z]+\d?_)+[A-Z]+\d?|E\d{4,5}|HY\d{3}"
)
"""Codes by which vendors number their errors, and words in capitals that have a digit."""
STATE = re.compile(r"(?=[0-9A-Z]*\d)[0-9A-Z]{5}")
"""A SQLSTATE."""
FILES = _set(
    """csv tsv json jsonl ndjson xml txt parquet avro orc pdf png jpg jpeg gif gz zip bz2 zst tar log xls xlsx doc docx
    tmp bak dat bin mp3 mp4 htm html"""
)
"""What names of files of data end with."""
HOSTS = _set(
    """com net org io internal local localdomain example test lan corp cloud dev svc consul intranet home app aws eu de
    uk fr us jp cn"""
)
"""What names of hosts end with."""
MEDIA = _set("application text image audio video multipart font model")
SLASHED = _set("and/or either/or n/a read/write input/output i/o tcp/ip yes/no true/false on/off")
"""Words that have a slash and are no paths."""
EXTENSION = re.compile(r"\.\w{1,8}$")
PORTS = _set("""22 25 53 80 110 143 389 443 465 587 636 993 995""")
SOMEBODY = _set(
    """user username account tenant customer client member login subscriber merchant organisation organization org
    workspace employee patient student seller buyer vendor owner author principal recipient sender shop store"""
)
"""A name of one of these may follow."""
NOBODY = _set(
    """is was has have had not does did do can cannot could must may might should will would with for from in on of at
    to and or by who that already no id ids name names named account accounts profile pool data input agent service
    error errors session token tokens key keys type role roles group limit quota balance status exists found missing
    locked disabled expired denied unknown invalid deleted suspended request requests response connection
    credentials code disconnected closed timeout settings config configuration record records object table secret
    library version email password address defined attribute attributes field property parameter argument interface
    class defined list details info information side device devices document documents row rows module function
    method arn"""
)
"""What follows those words when it is not a name."""
