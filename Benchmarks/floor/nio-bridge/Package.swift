// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nothing of the bridge can get into it.
let package = Package(
    name: "nio-bridge",
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.0")],
    targets: [
        // The opening handshake of the floor programs, as it stands in websocket.h, and the start of a child.
        .target(name: "CFloor"),
        .executableTarget(
            name: "nio-bridge",
            dependencies: [
                "CFloor",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
    ]
)
