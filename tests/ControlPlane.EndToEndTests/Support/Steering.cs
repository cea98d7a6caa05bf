using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>The usual content of a testbed: an entry forwards frames from one port to another, through a counting egress program.</summary>
internal static class Steering
{
    public const string Meter = "meter";

    /// <summary>Makes both ports, the program, the attachment and the entry.</summary>
    public static async Task<(Port Ingress, Port Target)> SteerAsync(this Testbed testbed)
    {
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.WriteAsync<EgressProgram>($"/v1/programs/{Meter}", new { template = "count" });
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name, Meter);
        return (ingress, target);
    }

    /// <summary>Asserts that frames arrive and the entry is Forwarding.</summary>
    public static async Task AssertForwardsAsync(this Testbed testbed, Port ingress, Port target)
    {
        Assert.Equal("Forwarding", (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.State);
        var run = FrameMark.NewRun();
        Assert.Equal(3, ingress.Send([.. Enumerable.Range(0, 3).Select(n => Frames.Udp(new FrameMark(run, (ulong)n)))], run, target, expected: 3).Count);
    }

    /// <summary>Waits until the API reports that an entry is in a state.</summary>
    public static Task WaitForStateAsync(this Testbed testbed, string devmap, string key, string state) =>
        Eventually.Async(async () => (await testbed.Http.EntryAsync(devmap, key)).Status.State == state, what: $"{key} is {state}");
}
