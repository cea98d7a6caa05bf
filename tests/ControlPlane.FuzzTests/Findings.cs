using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using ControlPlane.TestCommon;

namespace ControlPlane.FuzzTests;

/// <summary>The answers of a run, counted, and the wrong ones, one of each kind with its request.</summary>
internal sealed class Findings
{
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _found = new(StringComparer.Ordinal);

    /// <summary>Counts an answer.</summary>
    public void Count(string answer) => _answers.AddOrUpdate(answer, 1, (_, n) => n + 1);

    /// <summary>Keeps a finding.</summary>
    /// <param name="kind">The kind; the first finding of a kind is kept.</param>
    /// <param name="request">The request, readable.</param>
    /// <param name="answer">The answer.</param>
    public void Add(string kind, string request, string answer) => _found.TryAdd(kind, $"{request}\n-> {answer}");

    /// <summary>The number of answers, by answer.</summary>
    public string Summary => string.Join(", ", _answers.OrderByDescending(a => a.Value).Select(a => $"{a.Key} {a.Value.ToString(CultureInfo.InvariantCulture)}"));

    /// <summary>How the daemon has grown.</summary>
    public string Growth { get; private set; } = "";

    /// <summary>All findings as text; empty if there are none.</summary>
    public string Text => string.Join("\n\n", _found.Select(f => $"{f.Key}\n{f.Value}"));

    /// <summary>Checks the daemon after the run: it lives, its log has no error, and it has not grown.</summary>
    public void Check(DaemonProcess daemon, DaemonSize warm)
    {
        foreach (var line in daemon.Log.Where(IsError).Take(3))
            Add("an error in the log", "", line);
        var now = DaemonSize.Read(daemon.Id);
        Growth = string.Create(
            CultureInfo.InvariantCulture,
            $"{warm.Kilobytes / 1024} to {now.Kilobytes / 1024} MiB, {warm.Descriptors} to {now.Descriptors} descriptors, {warm.Threads} to {now.Threads} threads");
        foreach (var growth in now.GrowthSince(warm))
            Add("growth", "", growth);
    }

    private static bool IsError(string line)
    {
        using var entry = JsonDocument.Parse(line);
        return entry.RootElement.TryGetProperty("@l", out var level) && level.GetString() is "Error" or "Fatal" || entry.RootElement.TryGetProperty("@x", out _);
    }
}

/// <summary>The size of a process.</summary>
/// <param name="Kilobytes">Its memory (VmRSS).</param>
/// <param name="Descriptors">Its open descriptors.</param>
/// <param name="Threads">Its threads.</param>
internal sealed record DaemonSize(long Kilobytes, int Descriptors, int Threads)
{
    private const long MoreKilobytes = 200_000;
    private const int MoreDescriptors = 64, MoreThreads = 32;

    /// <summary>Reads the size of a process; throws if it has ended.</summary>
    public static DaemonSize Read(int process)
    {
        var status = File.ReadAllLines($"/proc/{process}/status");
        return new(Field("VmRSS:"), Directory.GetFileSystemEntries($"/proc/{process}/fd").Length, (int)Field("Threads:"));

        long Field(string name) => long.Parse(status.Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Returns what has grown by more than a run explains.</summary>
    public IEnumerable<string> GrowthSince(DaemonSize warm)
    {
        if (Kilobytes > warm.Kilobytes + MoreKilobytes)
            yield return $"memory from {warm.Kilobytes} to {Kilobytes} KiB";
        if (Descriptors > warm.Descriptors + MoreDescriptors)
            yield return $"descriptors from {warm.Descriptors} to {Descriptors}";
        if (Threads > warm.Threads + MoreThreads)
            yield return $"threads from {warm.Threads} to {Threads}";
    }
}
