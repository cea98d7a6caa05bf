using System.CommandLine;
using System.Diagnostics;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using Option = System.CommandLine.Option;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl wait</c>: until entries forward.</summary>
internal sealed class WaitCommand : CtlCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly Argument<string[]> _keys = new("KEY") { HelpName = "KEY", Description = "Keys of entries; none for all that the options select.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string[]> _labels = CommonOptions.Selector();
    private readonly Option<string?> _owner = CommonOptions.Owner("Only entries of this owner.");
    private readonly Option<long?> _revision = new("--revision") { Description = "Also until the daemon has reached this revision.", HelpName = "N" };
    private readonly Option<string> _timeout = CommonOptions.Timeout();

    public WaitCommand()
        : base("wait", "Wait until entries forward; exit code 4 if the time is over before.")
    {
        _keys.CompletionSources.Add(context => Completions.Names(context.ParseResult, "entries"));
        Add(_keys);
        foreach (var option in new Option[] { _labels, _owner, _revision, _timeout })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var timeout = CommonOptions.Span(call.Get(_timeout)!);
        if (call.Get(_keys) is { Length: > 0 } keys)
            return await WaitForKeysAsync(call, keys, timeout);
        var request = new WaitEntriesRequest { Label = { call.Get(_labels) ?? [] }, Timeout = Duration.FromTimeSpan(timeout) };
        if (call.HasDevmap || (request.Label.Count == 0 && call.Get(_owner) is null))
            request.Devmap.Add(call.Devmap);
        if (call.Get(_owner) is { } owner)
            request.Owner = owner;
        if (call.Get(_revision) is { } revision)
            request.Revision = revision;
        var answer = await call.Client.WaitEntriesAsync(request, call.Cancellation);
        if (!call.Printer.IsTable)
            call.Printer.Print(MessageJson.Of(answer));
        else if (answer.WaitSatisfied)
            call.Out.WriteLine($"{answer.Selected} entries forward at revision {answer.Revision}");
        else
            Report(call, answer.Selected, answer.Unsatisfied);
        return answer.WaitSatisfied ? ExitCodes.Ok : ExitCodes.TimedOut;
    }

    private static void Report(Call call, int selected, IEnumerable<UnsatisfiedEntry> entries)
    {
        call.Terminal.Error.WriteLine(selected == 0 ? "No entry is selected." : "These entries do not forward:");
        foreach (var entry in entries)
        {
            var state = entry.HasState ? MessageJson.Word(entry.State) : "deleted";
            call.Terminal.Error.WriteLine($"  devmaps/{entry.Devmap}/entries/{entry.Key}: {state}{(entry.Condition is { } why ? $", {why.Reason}: {why.Message}" : "")}");
        }
    }

    private static async Task<int> WaitForKeysAsync(Call call, string[] keys, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var open = new List<UnsatisfiedEntry>();
            foreach (var key in keys)
            {
                if (await StateAsync(call, key) is { } unsatisfied)
                    open.Add(unsatisfied);
            }

            if (open.Count == 0)
                return ExitCodes.Ok;
            if (Stopwatch.GetElapsedTime(start) >= timeout)
            {
                Report(call, keys.Length, open);
                return ExitCodes.TimedOut;
            }

            await Task.Delay(Pause, call.Cancellation);
        }
    }

    private static async Task<UnsatisfiedEntry?> StateAsync(Call call, string key)
    {
        try
        {
            var entry = await call.Client.GetEntryAsync(call.Devmap, key, call.Cancellation);
            return entry.Status.State == EntryState.Forwarding ? null : new UnsatisfiedEntry
            {
                Devmap = entry.Devmap, Key = entry.Key, State = entry.Status.State, Condition = entry.Status.Conditions.FirstOrDefault(c => c.Status != ConditionStatus.True),
            };
        }
        catch (Client.DevmapdException e) when (e.Code == Client.DevmapdErrors.EntryNotFound)
        {
            return new UnsatisfiedEntry { Devmap = call.Devmap, Key = key };
        }
    }
}
