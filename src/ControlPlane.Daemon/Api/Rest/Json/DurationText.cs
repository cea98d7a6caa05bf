using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlPlane.Daemon.Api.Rest.Json;

/// <summary>Durations as requests write them: those of protobuf JSON.</summary>
internal static partial class DurationText
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must be a duration in seconds, for instance 30s or 1.5s";

    /// <summary>Reads a duration; false if the text is none.</summary>
    public static bool TryParse(string? text, out TimeSpan time)
    {
        time = default;
        if (text is null || !Pattern().IsMatch(text))
            return false;
        time = new TimeSpan((long)(decimal.Parse(text[..^1], CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond));
        return true;
    }

    // No longer than a duration of protobuf can be.
    [GeneratedRegex(@"\A[0-9]{1,11}(\.[0-9]{1,7})?s\z")]
    private static partial Regex Pattern();
}
