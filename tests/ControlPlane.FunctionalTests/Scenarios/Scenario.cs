using System.Diagnostics;
using ControlPlane.TestCommon.Lab;
using Xunit.Sdk;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>One line of the table: in the <see cref="ScenarioHost"/>, after these requests, this request is answered so.</summary>
/// <param name="Name">The behaviour under test; unique.</param>
/// <param name="Given">Requests that must succeed first.</param>
/// <param name="When">The request.</param>
/// <param name="Then">The expected answer.</param>
public sealed record Scenario(string Name, IReadOnlyList<Operation> Given, Operation When, Expected Then)
{
    /// <summary>The event on the host or in the daemon after <see cref="Given"/> and before <see cref="When"/>.</summary>
    public ScenarioEvent Between { get; init; }

    /// <summary>Whether answers before the expected one may be of a moment before: drops that were read serve for twenty times as long as the reading took.</summary>
    public bool Settles { get; init; }

    /// <summary>Runs it through an API.</summary>
    public async Task RunAsync(IApiDriver face, Func<ScenarioEvent, Task> raise, CancellationToken cancellationToken = default)
    {
        foreach (var operation in Given)
        {
            var answer = await face.AskAsync(operation, cancellationToken);
            Assert.True(answer is Answer.Done, $"given {operation}: {Answer.Describe(answer)}");
        }

        if (Between != ScenarioEvent.Nothing)
            await raise(Between);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var answer = await face.AskAsync(When, cancellationToken);
            try
            {
                Then.Check(answer);
                return;
            }
            catch (XunitException) when (Settles && clock.Elapsed < Patience.OfSeconds(15))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
            }
        }
    }

    public override string ToString() => Name;
}

/// <summary>The actions of the testbed in the middle of a scenario.</summary>
public enum ScenarioEvent
{
    Nothing,

    /// <summary><c>veth-b</c> is removed from the host; the kernel drops its entries.</summary>
    VethBRemoved,

    /// <summary><c>late0</c> appears, with the next index, 11.</summary>
    Late0Added,

    /// <summary>Somebody removes the element of the kernel key 2, which is veth-a, from the map of the devmap default, and adds one of the key 99.</summary>
    MapChangedByHand,

    /// <summary>The kernel drops 3 frames that default redirected by the kernel key 2, which is veth-a: their target is down.</summary>
    FramesDropped,

    /// <summary>The writer is stopping.</summary>
    DaemonStopping,
}

/// <summary>One face of the daemon, driven by the scenarios.</summary>
public interface IApiDriver
{
    /// <summary>Asks the daemon and answers in neutral words.</summary>
    Task<Answer> AskAsync(Operation operation, CancellationToken cancellationToken);
}
