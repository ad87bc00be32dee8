// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import LoadGenerator

/// Usage errors exit with 2, as the interface promises; ArgumentParser's own number is 64.
@main
enum Main {
    static func main() {
        let options: LoadOptions
        do {
            options = try Command.parse().options()
        } catch {
            let text = Command.fullMessage(for: error) + "\n"
            guard Command.exitCode(for: error).isSuccess else {
                Machine.write(text, to: STDERR_FILENO)
                exit(2)
            }
            Machine.write(text, to: STDOUT_FILENO)
            exit(0)
        }
        exit(Self.run(options))
    }

    private static func run(_ options: LoadOptions) -> CInt {
        let report: LoadReport
        do throws(Generator.StartError) {
            report = try Generator(options).run()
        } catch {
            Machine.write("mcp-wsload: \(error)\n", to: STDERR_FILENO)
            return 1
        }
        Machine.write(report.json + "\n", to: STDOUT_FILENO)
        guard !report.failures.areNone else { return 0 }
        Machine.write("mcp-wsload: \(report.failures.first)\n", to: STDERR_FILENO)
        return 1
    }
}
