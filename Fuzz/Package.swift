// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    // Optimised, but with the checks of a debug build: assertions, and access to what is not `package`.
    .unsafeFlags(["-assert-config", "Debug", "-enable-testing"]),
]

// What tells libFuzzer how far an input got. Said here: SwiftPM passes on both of two `--sanitize`, but the compiler
// takes the last, and libFuzzer sees nothing. Only what is fuzzed counts, neither NIO nor the oracles.
let counted: [SwiftSetting] =
    settings + [.unsafeFlags(["-sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table"])]

// A package of its own, so that the bridge's builds know nothing of it. The sources of what is fuzzed are links: within
// one package, `package` declarations can be used. Only the core and the configuration: both build in two minutes.
let package = Package(
    name: "fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.0")],
    targets: [
        .target(name: "CBytes"),
        .target(
            name: "BridgeCore",
            dependencies: ["CBytes", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: counted
        ),
        .target(name: "CToml"),
        .target(name: "BridgeConfig", dependencies: ["BridgeCore", "CToml"], swiftSettings: counted),
        .executableTarget(
            name: "fuzz",
            dependencies: ["BridgeCore", "BridgeConfig", .product(name: "NIOCore", package: "swift-nio")],
            path: "Sources/Fuzz",
            swiftSettings: settings
        ),
    ],
    cxxLanguageStandard: .cxx17
)
