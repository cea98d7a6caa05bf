using Spectre.Console;

namespace ControlPlane.Cli.Running;

/// <summary>Where a command reads and writes.</summary>
/// <param name="Out">The results.</param>
/// <param name="Error">All that is no result: errors, warnings, progress.</param>
/// <param name="In">The input.</param>
/// <param name="IsTerminal">Whether the results go to a terminal.</param>
/// <param name="Width">The columns of the terminal.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, TextReader In, bool IsTerminal, int Width = 120)
{
    private bool HasColors { get; } = IsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Whether errors go to a terminal, so that progress can be shown.</summary>
    public bool ShowsProgress { get; init; }

    /// <summary>The terminal of the process.</summary>
    public static Terminal OfProcess() => new(
        Console.Out, Console.Error, Console.In, !Console.IsOutputRedirected, Console.IsOutputRedirected ? 120 : Math.Max(Console.WindowWidth, 40))
    {
        ShowsProgress = !Console.IsErrorRedirected,
    };

    /// <summary>Returns a text in a colour, if the terminal has colours.</summary>
    /// <param name="text">The text.</param>
    /// <param name="colour">The SGR code: 31 red, 32 green, 33 yellow, 36 cyan, 1 bold, 2 faint.</param>
    public string Paint(string text, int colour) => HasColors && text.Length > 0 ? $"\u001b[{colour}m{text}\u001b[0m" : text;

    /// <summary>Returns a state in the colour that says how good it is.</summary>
    public string PaintState(string state) => state.TrimEnd() switch
    {
        "Forwarding" or "Attached" or "Active" or "True" or "ok" => Paint(state, 32),
        "Pending" or "Unverified" or "Unknown" or "Expired" => Paint(state, 33),
        "Undeliverable" or "Failed" or "Unmanaged" or "False" or "FAIL" or "Deleted" => Paint(state, 31),
        _ => state,
    };

    /// <summary>Writes a warning.</summary>
    public void Warn(string text) => Error.WriteLine($"{Paint("warning:", 33)} {text}");

    /// <summary>Returns a console that draws on the results or, for progress, on the errors.</summary>
    public IAnsiConsole Drawing(bool onError = false) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(onError ? Error : Out),
        ColorSystem = HasColors ? ColorSystemSupport.EightBit : ColorSystemSupport.NoColors,
        Ansi = IsTerminal || onError ? AnsiSupport.Yes : AnsiSupport.No,
        Interactive = InteractionSupport.No,
    });
}
