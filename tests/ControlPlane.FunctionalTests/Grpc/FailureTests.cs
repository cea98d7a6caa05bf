using ControlPlane.Core.Errors;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.FunctionalTests.Scenarios;
using Devmapd.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The answers to calls when the daemon, the kernel or the caller fails.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task Call_KernelRefuses_IsKernelFailureWithErrno()
    {
        var failure = new KernelException("bpf_prog_load(x)", Errno.EINVAL, "EINVAL (Invalid argument)") { VerifierLog = "0: R0=scalar()" };
        await using var daemon = await GrpcDaemon.StartAsync(wrap: k => new FailingKernel(k, failure));

        var e = await GetHostAsync(daemon);

        Assert.Equal(StatusCode.Internal, e.StatusCode);
        var status = e.GetRpcStatus()!;
        Assert.Equal("kernel_failure", status.GetDetail<ErrorInfo>()!.Reason);
        Assert.Equal("22", status.GetDetail<ErrorInfo>()!.Metadata["errno"]);
        Assert.Equal("0: R0=scalar()", status.GetDetail<DebugInfo>()!.Detail);
        Assert.Contains("EINVAL", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_BugOfOurs_IsInternalAndTellsNothing()
    {
        await using var daemon = await GrpcDaemon.StartAsync(wrap: k => new FailingKernel(k, new InvalidOperationException("a secret")));

        var e = await GetHostAsync(daemon);

        Assert.Equal(StatusCode.Internal, e.StatusCode);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.Equal("internal_error", e.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
    }

    [Fact]
    public async Task PutEntry_FullQueue_IsWriterBusyAndSaysWhenToTryAgain()
    {
        var (daemon, kernel) = await StartHeldAsync(new WriterOptions { QueueCapacity = 1 });
        await using var _ = daemon;
        var waiting = PutAsync(daemon, "2");
        await UntilWaitingAsync(daemon, 1);

        var e = await Assert.ThrowsAsync<RpcException>(() => PutAsync(daemon, "3"));

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal("writer_busy", e.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        Assert.True(e.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        await kernel.ReleaseAsync();
        Assert.True((await waiting).Created);
    }

    [Fact]
    public async Task PutEntry_DeadlinePassesWhileItWaits_IsDeadlineExceededAndWritesNothing()
    {
        var (daemon, kernel) = await StartHeldAsync(new WriterOptions());
        await using var _ = daemon;

        var answer = await RawCall.AskAsync(
            daemon.Address, "devmapd.v1.DevmapService/PutEntry", Request("2").ToByteArray(), ("grpc-timeout", "100m"));

        Assert.Equal(StatusCode.DeadlineExceeded, answer.Code);
        await daemon.UntilCallsAsync(1); // the one that holds the writer
        await kernel.ReleaseAsync();
        await AssertAbsentAsync(daemon, "2");
    }

    [Fact]
    public async Task PutEntry_CallerCancelsWhileItWaits_WritesNothing()
    {
        var (daemon, kernel) = await StartHeldAsync(new WriterOptions());
        await using var _ = daemon;
        using var caller = new CancellationTokenSource();
        var waiting = PutAsync(daemon, "2", caller.Token);
        await UntilWaitingAsync(daemon, 1);

        await caller.CancelAsync();

        var e = await Assert.ThrowsAsync<RpcException>(() => waiting);
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        await daemon.UntilCallsAsync(1); // the one that holds the writer
        await kernel.ReleaseAsync();
        await AssertAbsentAsync(daemon, "2");
    }

    private static async Task<(GrpcDaemon Daemon, BlockingKernel Kernel)> StartHeldAsync(WriterOptions writer)
    {
        BlockingKernel? kernel = null;
        var daemon = await GrpcDaemon.StartAsync(writer, k => kernel = new BlockingKernel(k));
        await kernel!.HoldAsync(async () => await new ProgramService.ProgramServiceClient(daemon.Channel)
            .PutProgramAsync(new() { Program = "held", Spec = new() { Template = EgressTemplate.Count } }));
        return (daemon, kernel);
    }

    private static async Task UntilWaitingAsync(GrpcDaemon daemon, int commands)
    {
        var deadline = TestContext.Deadline();
        while (daemon.Writer.QueueLength != commands)
            await Task.Delay(1, deadline);
    }

    private static async Task<RpcException> GetHostAsync(GrpcDaemon daemon) => await Assert.ThrowsAsync<RpcException>(
        async () => await new HostService.HostServiceClient(daemon.Channel).GetHostAsync(new()));

    private static PutEntryRequest Request(string key) => new() { Devmap = "vlans", Key = key, Spec = new() { Interface = "veth-b" } };

    private static async Task<PutEntryResponse> PutAsync(GrpcDaemon daemon, string key, CancellationToken cancellationToken = default) =>
        await new DevmapService.DevmapServiceClient(daemon.Channel).PutEntryAsync(Request(key), cancellationToken: cancellationToken);

    private static async Task AssertAbsentAsync(GrpcDaemon daemon, string key)
    {
        // A write that comes after it in the queue: when it is answered, whatever was to raise has happened.
        await PutAsync(daemon, "4000");
        var e = await Assert.ThrowsAsync<RpcException>(async () => await new DevmapService.DevmapServiceClient(daemon.Channel)
            .GetEntryAsync(new() { Devmap = "vlans", Key = key }));
        Assert.Equal("entry_not_found", e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
    }
}
