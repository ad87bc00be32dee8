// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    // The tests, in debug, keep the checks of exclusive access; on the data path they cost a tenth of the CPU time.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
    name: "mcp-wsbridge",
    products: [
        .executable(name: "mcp-wsbridge", targets: ["mcp-wsbridge"]),
        .executable(name: "mcp-wsload", targets: ["mcp-wsload"]),
    ],
    dependencies: [
        // Event loops, pipe channels and HTTP/1.1 parsing: the ground the data plane stands on.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        // The command line: usage errors, help and shell completions.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // The logging API that every Swift server library writes to.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        // The metrics API that every Swift server library writes to; what scrapers read is made here.
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        // TLS with clients, and towards servers with an `https` URL: certificates and keys for the client below.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        // Signals and graceful shutdown.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // The client side of HTTP: connection pool, TLS and back-pressure towards the servers that have a URL.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        // Signatures of tokens: RSA, ECDSA and Ed25519 on BoringSSL, with FoundationEssentials at the most.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        // Latencies of the load generator: any number of them in constant memory, each to a thousandth of itself.
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Vector instructions for the search through messages: Swift's SIMD comparisons do not become them.
        .target(name: "CBytes"),
        .target(
            name: "BridgeCore",
            dependencies: ["CBytes", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        // toml++ behind a C interface: the one TOML reader at hand that keeps line and column of every node.
        .target(name: "CToml"),
        .target(name: "BridgeConfig", dependencies: ["BridgeCore", "CToml"], swiftSettings: settings),
        // libcrypto: SHA-1 of the opening handshake and random bytes, patched by the distribution.
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // sd_notify and the watchdog of services, sockets that are passed, the journal.
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        // vfork, setsid, exec and pidfd: what Swift cannot call.
        .target(name: "CSpawn"),
        .target(
            name: "Bridge",
            dependencies: [
                "BridgeCore",
                "BridgeConfig",
                "CCrypto",
                "CSpawn",
                "CSystemd",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "DemoServer",
            dependencies: [
                "BridgeCore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "mcp-wsbridge",
            dependencies: [
                "Bridge",
                "BridgeConfig",
                "DemoServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: settings
        ),
        // epoll and pipe2, which Swift's Glibc module does not have.
        .target(name: "CEpoll"),
        // The load generator of the benchmarks. Neither NIO's channels nor the bridge: it must not be the bottleneck.
        // The TLS of the clients that measure and test: another implementation than the bridge's.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "LoadGenerator",
            dependencies: [
                "BridgeCore",
                "CEpoll",
                "COpenSSL",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "mcp-wsload",
            dependencies: ["LoadGenerator", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: settings
        ),
        // The scripted MCP server of the integration tests; each behaviour has a name.
        .executableTarget(name: "FixtureServer", path: "Tests/FixtureServer", swiftSettings: settings),
        .testTarget(
            name: "BridgeCoreTests",
            dependencies: ["BridgeCore", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BridgeConfigTests",
            dependencies: ["BridgeConfig", "BridgeCore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DemoServerTests",
            dependencies: ["DemoServer", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LoadGeneratorTests",
            dependencies: ["LoadGenerator", "mcp-wsload", .product(name: "Histogram", package: "hdrhistogram-swift")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BridgeTests",
            dependencies: [
                "Bridge",
                "BridgeConfig",
                "BridgeCore",
                "CSpawn",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "mcp-wsbridge", "mcp-wsload", "FixtureServer", "COpenSSL",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Tests/Integration",
            swiftSettings: settings
        ),
    ],
    cxxLanguageStandard: .cxx17
)
