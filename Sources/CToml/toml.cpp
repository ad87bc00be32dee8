// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#include "CToml.h"

#include <algorithm>
#include <deque>
#include <new>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// Thrown where toml++ finds that what it took for granted is not so. Its own answers would be to end the process or, with
// NDEBUG, to go on as if it were so.
struct ctoml_broken_assumption {};
[[noreturn]] static void ctoml_assumption_broken() { throw ctoml_broken_assumption{}; }
#undef NDEBUG
#define TOML_ASSERT(expr) (static_cast<bool>(expr) ? static_cast<void>(0) : ctoml_assumption_broken())

#define TOML_HEADER_ONLY 1
// Parse errors come back as values: nothing may be thrown across the C boundary.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

struct ctoml_document {
    toml::table table;
    // Child lists of all containers. A deque, so that growing it moves no list that a node already points to.
    std::deque<std::vector<ctoml_node>> lists;
    ctoml_node root{};
    bool valid = false;
    std::string error;
    ctoml_position error_position{};
};

namespace {

ctoml_position position_of(const toml::source_region &region) {
    return {region.begin.line, region.begin.column};
}

ctoml_text text_of(const std::string &text) { return {text.data(), text.size()}; }

bool appears_before(const ctoml_node &left, const ctoml_node &right) {
    return std::tie(left.key_position.line, left.key_position.column)
        < std::tie(right.key_position.line, right.key_position.column);
}

// Far beyond any real document, and little enough for everything that walks the tree by recursion.
constexpr int deepest_nesting = 64;

ctoml_node convert(ctoml_document &document, const toml::node &source, int depth);

void fail(ctoml_document &document, const char *message, ctoml_position position) {
    if (document.error.empty()) {
        document.error = message;
        document.error_position = position;
    }
}

void adopt(ctoml_document &document, ctoml_node &parent, std::vector<ctoml_node> &&children) {
    document.lists.push_back(std::move(children));
    parent.children = document.lists.back().data();
    parent.child_count = document.lists.back().size();
}

void convert_table(ctoml_document &document, ctoml_node &node, const toml::table &table, int depth) {
    std::vector<ctoml_node> children;
    children.reserve(table.size());
    for (auto &&[key, value] : table) {
        ctoml_node child = convert(document, value, depth + 1);
        child.key = {key.str().data(), key.str().size()};
        child.key_position = position_of(key.source());
        children.push_back(child);
    }
    // toml++ keeps tables sorted by name; people think in the order of their file.
    std::sort(children.begin(), children.end(), appears_before);
    adopt(document, node, std::move(children));
}

void convert_array(ctoml_document &document, ctoml_node &node, const toml::array &array, int depth) {
    std::vector<ctoml_node> children;
    children.reserve(array.size());
    for (auto &&value : array) {
        children.push_back(convert(document, value, depth + 1));
    }
    adopt(document, node, std::move(children));
}

ctoml_node convert(ctoml_document &document, const toml::node &source, int depth) {
    ctoml_node node{};
    node.position = position_of(source.source());
    if (depth > deepest_nesting) {
        fail(document, "nested too deeply", node.position);
        return node;
    }
    if (const auto *table = source.as_table()) {
        node.kind = CTOML_TABLE;
        convert_table(document, node, *table, depth);
    } else if (const auto *array = source.as_array()) {
        node.kind = CTOML_ARRAY;
        convert_array(document, node, *array, depth);
    } else if (const auto *string = source.as_string()) {
        node.kind = CTOML_STRING;
        node.string = text_of(string->get());
    } else if (const auto *integer = source.as_integer()) {
        node.kind = CTOML_INTEGER;
        node.integer = integer->get();
    } else if (const auto *floating = source.as_floating_point()) {
        node.kind = CTOML_FLOAT;
        node.floating = floating->get();
    } else if (const auto *boolean = source.as_boolean()) {
        node.kind = CTOML_BOOLEAN;
        node.boolean = boolean->get();
    } else {
        node.kind = CTOML_DATE_OR_TIME;
    }
    return node;
}

// The line on which dotted keys grow beyond reason; 0 where they do not.
//
// toml++ bounds the nesting of values but not that of dotted keys, and frees its tables by recursion: `a.a.a…` of some
// ten thousand parts overflows the stack, and it does so inside the parser where the text goes wrong behind it. So dots
// are counted beforehand, outside of strings and comments. Behind the first thing that is no TOML the count may be
// wrong, and makes no difference.
uint32_t line_of_excessive_dots(std::string_view text) {
    constexpr size_t free_per_line = 16;
    size_t allowance = 1000;
    size_t dots = 0;
    uint32_t line = 1;
    bool in_comment = false;
    // What ends the string that has begun: one quote, or three of them.
    std::string_view quote;
    for (size_t at = 0; at < text.size();) {
        const char character = text[at];
        size_t width = 1;
        if (character == '\n') {
            line += 1;
            dots = 0;
            in_comment = false;
            quote = quote.size() == 3 ? quote : std::string_view{};
        } else if (in_comment) {
            width = std::min(text.find('\n', at), text.size()) - at;
        } else if (!quote.empty()) {
            if (character == '\\' && quote[0] == '"') {
                // A line that ends with a backslash goes on in the next, which has a number all the same.
                width = at + 1 < text.size() && text[at + 1] == '\n' ? 1 : 2;
            } else if (text.substr(at, quote.size()) == quote) {
                width = quote.size();
                // Of five quotes the first two are the text's.
                while (quote.size() == 3 && width < 5 && text.substr(at + width, 1) == quote.substr(0, 1)) {
                    width += 1;
                }
                quote = {};
            }
        } else if (character == '"' || character == '\'') {
            const std::string_view triple = character == '"' ? "\"\"\"" : "\'\'\'";
            quote = text.substr(at, 3) == triple ? triple : triple.substr(0, 1);
            width = quote.size();
        } else if (character == '#') {
            in_comment = true;
        } else if (character == '.') {
            dots += 1;
            if (dots > free_per_line) {
                if (allowance == 0) {
                    return line;
                }
                allowance -= 1;
            }
        }
        at += width;
    }
    return 0;
}

// The beginning of a text: so many of its lines.
std::string_view first_lines(std::string_view text, uint32_t count) {
    size_t end = 0;
    for (; count > 0 && end < text.size(); count -= 1) {
        end = std::min(text.find('\n', end), text.size() - 1) + 1;
    }
    return text.substr(0, end);
}

bool is_understood(std::string_view text) {
    try {
        static_cast<void>(toml::parse(text));
        return true;
    } catch (const ctoml_broken_assumption &) {
        return false;
    }
}

// The first line with which toml++ comes to a broken assumption. With any line behind it, it does so too.
uint32_t line_not_understood(std::string_view text) {
    uint32_t understood = 0;
    uint32_t not_understood = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    while (not_understood - understood > 1) {
        const uint32_t middle = understood + (not_understood - understood) / 2;
        (is_understood(first_lines(text, middle)) ? understood : not_understood) = middle;
    }
    return not_understood;
}

void read_into(ctoml_document &document, std::string_view text) {
    toml::parse_result result = toml::parse(text);
    if (!result) {
        document.error = std::string(result.error().description());
        document.error_position = position_of(result.error().source());
        return;
    }
    document.table = std::move(result).table();
    document.root = convert(document, document.table, 0);
    document.valid = document.error.empty();
}

void parse_into(ctoml_document &document, std::string_view text) {
    if (const uint32_t line = line_of_excessive_dots(text)) {
        fail(document, "too many dotted keys", {line, 1});
        return;
    }
    try {
        read_into(document, text);
    } catch (const ctoml_broken_assumption &) {
        // Known ways to get here: `[.a]` and `[[[a]]]`.
        fail(document, "a table or a key has no proper name", {line_not_understood(text), 1});
    }
}

}  // namespace

ctoml_document *ctoml_parse(const char *bytes, size_t length) {
    auto *document = new (std::nothrow) ctoml_document;
    if (document == nullptr) {
        return nullptr;
    }
    try {
        parse_into(*document, length == 0 ? std::string_view{} : std::string_view{bytes, length});
    } catch (...) {
        // Only memory can fail here: toml++ reports its own errors as values.
        delete document;
        return nullptr;
    }
    return document;
}

void ctoml_free(ctoml_document *document) { delete document; }

const ctoml_node *ctoml_root(const ctoml_document *document) { return document->valid ? &document->root : nullptr; }

ctoml_text ctoml_error_message(const ctoml_document *document) { return text_of(document->error); }

ctoml_position ctoml_error_position(const ctoml_document *document) { return document->error_position; }
