using System.CommandLine;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;

namespace ControlPlane.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary>Labels that select.</summary>
    public static Option<string[]> Selector() => new("--selector", "-l") { Description = "Only resources with this label. Can be repeated.", HelpName = "NAME=VALUE" };

    /// <summary>An owner that selects or writes.</summary>
    public static Option<string?> Owner(string description) => new("--owner") { Description = description, HelpName = "OWNER" };

    /// <summary>Whether resources of others may be written.</summary>
    public static Option<bool> Force() => new("--force") { Description = "Also what belongs to another owner." };

    /// <summary>A time.</summary>
    public static Option<string> Timeout(string description = "The longest wait.") =>
        new("--timeout") { Description = $"{description} 30s unless given.", HelpName = "TIME", DefaultValueFactory = _ => "30s" };

    /// <summary>A kind of resource.</summary>
    public static Argument<string> Kind()
    {
        var kind = new Argument<string>("KIND") { HelpName = "KIND", Description = $"The kind: {string.Join(", ", Kinds.Words)}; or KIND/NAME." };
        // A kind that is complete has a name after it.
        kind.CompletionSources.Add(context => context.ParseResult.GetValue(kind) is { } given && given != context.WordToComplete ? [] : Kinds.Words.Select(w => new System.CommandLine.Completions.CompletionItem(w)));
        return kind;
    }

    /// <summary>Names of resources.</summary>
    public static Argument<string[]> Names(ArgumentArity arity, Argument<string> kind)
    {
        var names = new Argument<string[]>("NAME") { HelpName = "NAME", Description = "The name: a key, an interface, or the name of the kind.", Arity = arity };
        names.CompletionSources.Add(context => Completions.Names(context.ParseResult, context.ParseResult.GetValue(kind)));
        return names;
    }

    /// <summary>An interface.</summary>
    public static Argument<string> Interface(string name = "INTERFACE", string description = "The interface.")
    {
        var argument = new Argument<string>(name) { HelpName = name, Description = description };
        argument.CompletionSources.Add(context => Completions.Names(context.ParseResult, "interfaces"));
        return argument;
    }

    /// <summary>A key.</summary>
    public static Argument<string> Key()
    {
        var argument = new Argument<string>("KEY") { HelpName = "KEY", Description = "The key of the entry, in any of its text forms." };
        argument.CompletionSources.Add(context => Completions.Names(context.ParseResult, "entries"));
        return argument;
    }

    /// <summary>Reads a span of time: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>12h</c>, <c>30d</c>; a number is seconds.</summary>
    /// <exception cref="CommandFailedException">The text is none.</exception>
    public static TimeSpan Span(string text)
    {
        (double Seconds, string Suffix)[] units = [(0.001, "ms"), (1, "s"), (60, "m"), (3600, "h"), (86400, "d"), (1, "")];
        var (seconds, suffix) = units.First(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        return double.TryParse(text[..^suffix.Length], System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var count) && count * seconds < 1e9
            ? TimeSpan.FromSeconds(count * seconds)
            : throw CommandFailedException.Usage($"'{text}' is no time such as 500ms, 30s, 5m, 12h or 30d.");
    }

    /// <summary>Reads labels.</summary>
    /// <exception cref="CommandFailedException">A text is not <c>name=value</c>.</exception>
    public static IEnumerable<(string Name, string Value)> Labels(IEnumerable<string>? texts) => (texts ?? []).Select(text =>
        text.Split('=', 2) is [{ Length: > 0 } name, var value] ? (name, value) : throw CommandFailedException.Usage($"'{text}' is no label of the form NAME=VALUE."));

    /// <summary>Separates <c>kind/name</c> and <c>kind name...</c>, and full names such as <c>devmaps/default/entries/veth1</c>.</summary>
    public static (Kind Kind, string? Devmap, IReadOnlyList<string> Names) Resource(string kind, IReadOnlyList<string>? names)
    {
        var parts = kind.Split('/', 4);
        return parts switch
        {
            ["devmaps", var devmap, var inner, var name] => (Kinds.Of(inner), devmap, [name, .. names ?? []]),
            [var word, ..] when parts.Length > 1 => (Kinds.Of(word), null, [kind[(word.Length + 1)..], .. names ?? []]),
            _ => (Kinds.Of(kind), null, names ?? []),
        };
    }
}
