//! Which server's wording and version numbers scripts and clients are shown
//! (`script-compat`). It decides nothing; readers ask it.

/// A server that ours can pass for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compat {
    /// Valkey 9.1.
    #[default]
    Valkey91,
    /// Redis 7.2.
    Redis72,
    /// Redis 7.0.
    Redis70,
}

impl Compat {
    /// The one that `script-compat` names.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "valkey-9.1" => Some(Self::Valkey91),
            "redis-7.2" => Some(Self::Redis72),
            "redis-7.0" => Some(Self::Redis70),
            _ => None,
        }
    }

    /// Is it a Valkey, rather than a Redis?
    #[must_use]
    pub fn is_valkey(self) -> bool {
        self == Self::Valkey91
    }

    /// `server` in the reply to `HELLO`.
    #[must_use]
    pub fn server_name(self) -> &'static str {
        if self.is_valkey() { "valkey" } else { "redis" }
    }

    /// The name in prose: `Valkey is busy running a script`.
    #[must_use]
    pub fn title(self) -> &'static str {
        if self.is_valkey() { "Valkey" } else { "Redis" }
    }

    /// The version of Redis whose behaviour it has; Valkey says 7.2.4.
    #[must_use]
    pub fn redis_version(self) -> &'static str {
        match self {
            Self::Valkey91 => "7.2.4",
            Self::Redis72 => "7.2.6",
            Self::Redis70 => "7.0.15",
        }
    }

    /// Its own version.
    #[must_use]
    pub fn version(self) -> &'static str {
        if self.is_valkey() {
            "9.1.2"
        } else {
            self.redis_version()
        }
    }

    /// Does `INFO` count the clients that limits on buffers have disconnected?
    #[must_use]
    pub fn has_limit_counters(self) -> bool {
        self != Self::Redis70
    }

    /// The version of the format of dumps that it writes.
    #[must_use]
    pub fn dump_version(self) -> u16 {
        match self {
            Self::Valkey91 => 80,
            Self::Redis72 => 11,
            Self::Redis70 => 10,
        }
    }

    /// Does it take dumps of that version? Valkey left out those that Redis has taken for
    /// itself.
    #[must_use]
    pub fn accepts_dump(self, version: u16) -> bool {
        const LAST_COMMON: u16 = 11;
        version <= LAST_COMMON.min(self.dump_version()) || version == self.dump_version()
    }
}

/// Whom scripts are told that they run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose wording they get.
    pub compat: Compat,
    /// `redis.REDIS_VERSION`: `7.2.4`.
    pub redis_version: String,
    /// `server.VALKEY_VERSION`: `9.1.2`.
    pub version: String,
    /// `server.SERVER_NAME`: `valkey`.
    pub server_name: String,
    /// Scripts have `newproxy`, `getfenv` and `setfenv` (`lua-enable-insecure-api`).
    pub insecure_api: bool,
}

impl From<Compat> for Identity {
    fn from(compat: Compat) -> Self {
        Self {
            compat,
            redis_version: compat.redis_version().to_owned(),
            version: compat.version().to_owned(),
            server_name: compat.server_name().to_owned(),
            insecure_api: false,
        }
    }
}
