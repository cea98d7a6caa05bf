using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Waiting;

/// <summary>The state that a call waits for.</summary>
public enum WaitState
{
    /// <summary>Every entry forwards: real traffic sent to it would arrive.</summary>
    Forwarding,
}

/// <summary>How a call waits.</summary>
/// <param name="For">The state to wait for. Null for no wait.</param>
/// <param name="Timeout">The longest wait, 0 to <see cref="MaxTimeout"/>. Null for <see cref="DefaultTimeout"/>.</param>
public sealed record WaitOptions(WaitState? For = null, TimeSpan? Timeout = null)
{
    /// <summary>The longest wait unless the call says another: 30 s.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait that a call can ask for: 5 min.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The rule for timeouts.</summary>
    public const string TimeoutRule = "must be a number of seconds from 0s to 300s, such as 30s or 0.5s";

    /// <summary>Most entries that an answer names.</summary>
    public const int MaxUnsatisfied = 100;

    /// <summary>The option of no wait.</summary>
    public static WaitOptions None { get; } = new();

    /// <summary>Reads a timeout: seconds with up to seven decimals and an <c>s</c>, as durations are in JSON. Null if there is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="violations">Collects the validation errors.</param>
    public static TimeSpan? ReadTimeout(string? text, Violations violations) => ReadDuration(text, "timeout", MaxTimeout, TimeoutRule, violations);

    /// <summary>Reads a duration, written as a timeout is. Null if there is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="field">The field that has it.</param>
    /// <param name="most">The longest one.</param>
    /// <param name="rule">The rule for the field.</param>
    /// <param name="violations">Collects the validation errors.</param>
    public static TimeSpan? ReadDuration(string? text, string field, TimeSpan most, string rule, Violations violations)
    {
        if (text is null)
            return null;
        if (text is [.. var seconds, 's']
            && decimal.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= (decimal)most.TotalSeconds)
            return TimeSpan.FromTicks((long)(value * TimeSpan.TicksPerSecond));
        violations.Add(field, rule);
        return null;
    }

    /// <summary>Adds what is wrong with the options to the validation errors of the request.</summary>
    /// <param name="violations">Collects the validation errors.</param>
    /// <param name="isDry">Whether the call changes nothing, so that there is nothing to wait for.</param>
    internal void Validate(Violations violations, bool isDry = false)
    {
        if (For is not null && isDry)
            violations.Add("wait", "must not be given with dryRun, which changes nothing");
        if (For is null && Timeout is not null && !violations.Has("wait"))
            violations.Add("timeout", "must not be given without wait");
        else if ((Timeout < TimeSpan.Zero || Timeout > MaxTimeout) && !violations.Has("timeout"))
            violations.Add("timeout", TimeoutRule);
    }
}

/// <summary>The result of a wait.</summary>
/// <param name="IsSatisfied">Whether every selected entry had the state.</param>
/// <param name="Revision">The daemon's revision at the end.</param>
/// <param name="Selected">How many entries are selected at the end.</param>
/// <param name="Unsatisfied">Entries that do not have the state, at most 100. Empty if the wait is satisfied.</param>
public sealed record WaitResult(bool IsSatisfied, long Revision, int Selected, IReadOnlyList<UnsatisfiedEntry> Unsatisfied)
{
    /// <summary>Whether there are more than <see cref="Unsatisfied"/> has.</summary>
    internal bool HasMore { get; init; }

    /// <summary>Whether the daemon stops, which ends the wait early.</summary>
    internal bool IsStopped { get; init; }
}

/// <summary>An entry that does not have the state that a call waits for.</summary>
/// <param name="Devmap">The name of the devmap.</param>
/// <param name="Key">The canonical text form of the key.</param>
/// <param name="State">The state of the entry. Null if it no longer exists.</param>
/// <param name="Condition">The condition that the state follows from. Null if the entry no longer exists.</param>
public sealed record UnsatisfiedEntry(string Devmap, string Key, EntryState? State, Condition? Condition);
