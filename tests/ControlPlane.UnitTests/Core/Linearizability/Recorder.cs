using System.Collections.Concurrent;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>Has callers play a scenario at the same time, and records the history.</summary>
internal sealed class Recorder(Subject subject)
{
    private readonly ConcurrentQueue<Call> _calls = new();
    private long _clock;

    /// <summary>Plays the prelude, the scenario, and then reads everything.</summary>
    public async Task<IReadOnlyList<Call>> PlayAsync(Scenario scenario)
    {
        foreach (var step in Scenario.Prelude)
            await CallAsync(scenario.Scripts.Length, step, default);
        using var together = new Barrier(scenario.Scripts.Length);
        await Task.WhenAll(scenario.Scripts.Select((script, caller) => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait(TimeSpan.FromSeconds(30));
                return PlayAsync(caller, script);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
        await CallAsync(scenario.Scripts.Length, new(new Operation.ReadAll(), IsHasty: false), default);
        return [.. _calls.OrderBy(c => c.Begun)];
    }

    private async Task PlayAsync(int caller, Step[] script)
    {
        var seen = new Dictionary<string, long>();
        foreach (var step in script)
        {
            var precondition = step.Operation.Condition switch
            {
                Condition.MustNotExist => new Precondition(MustNotExist: true),
                Condition.MustExist => new Precondition(MustExist: true),
                Condition.AsSeen => new Precondition(seen.TryGetValue(step.Operation.Resource, out var known) ? known : null),
                _ => default,
            };
            if ((await CallAsync(caller, step, precondition)).Revision is { } revision)
                seen[step.Operation.Resource] = revision;
        }
    }

    private async Task<Answer> CallAsync(int caller, Step step, Precondition precondition)
    {
        using var cancellation = new CancellationTokenSource();
        var begun = Interlocked.Increment(ref _clock);
        var answering = subject.CallAsync(step.Operation, precondition, cancellation.Token);
        if (step.IsHasty)
            await cancellation.CancelAsync();
        var answer = await answering.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        _calls.Enqueue(new Call(caller, step.Operation, precondition, begun, Interlocked.Increment(ref _clock), answer));
        return answer;
    }
}
