using System.Globalization;

namespace ControlPlane.Demo;

/// <summary>The command line.</summary>
/// <param name="Live">Whether standard output is a terminal, which shows the table live.</param>
/// <param name="Time">How long it shows; null until it is interrupted.</param>
internal sealed record Arguments(bool Live, TimeSpan? Time)
{
    private const int MaxSeconds = 86_400;
    private static readonly TimeSpan UsualTimeWithoutTerminal = TimeSpan.FromSeconds(10);

    /// <summary>Reads <c>[--seconds N]</c>; null with the error when it is something else.</summary>
    public static Arguments? Parse(string[] args, bool live, out string? fault)
    {
        fault = null;
        switch (args)
        {
            case []:
                return new Arguments(live, live ? null : UsualTimeWithoutTerminal);
            case ["--seconds", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                && seconds is >= 1 and <= MaxSeconds:
                return new Arguments(live, TimeSpan.FromSeconds(seconds));
            default:
                fault = $"usage: devmapd-demo [--seconds 1..{MaxSeconds}]";
                return null;
        }
    }
}
