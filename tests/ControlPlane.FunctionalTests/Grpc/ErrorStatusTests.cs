using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Grpc;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The catalogue of errors as google.rpc.Status.</summary>
public sealed class ErrorStatusTests
{
    public static TheoryData<ErrorCode, StatusCode> Table { get; } = new()
    {
        { ErrorCode.InvalidArgument, StatusCode.InvalidArgument },
        { ErrorCode.DevmapNotFound, StatusCode.NotFound },
        { ErrorCode.EntryNotFound, StatusCode.NotFound },
        { ErrorCode.ProgramNotFound, StatusCode.NotFound },
        { ErrorCode.AttachmentNotFound, StatusCode.NotFound },
        { ErrorCode.LeaseNotFound, StatusCode.NotFound },
        { ErrorCode.RevisionCompacted, StatusCode.OutOfRange },
        { ErrorCode.EgressProgramConflict, StatusCode.FailedPrecondition },
        { ErrorCode.KeyConflict, StatusCode.FailedPrecondition },
        { ErrorCode.AttachConflict, StatusCode.FailedPrecondition },
        { ErrorCode.ProgramInUse, StatusCode.FailedPrecondition },
        { ErrorCode.InterfaceNotFound, StatusCode.FailedPrecondition },
        { ErrorCode.InterfaceUnsuitable, StatusCode.FailedPrecondition },
        { ErrorCode.AlreadyExists, StatusCode.AlreadyExists },
        { ErrorCode.RevisionMismatch, StatusCode.Aborted },
        { ErrorCode.StoreUnavailable, StatusCode.Unavailable },
        { ErrorCode.WriterBusy, StatusCode.ResourceExhausted },
        { ErrorCode.TooManyConnections, StatusCode.ResourceExhausted },
        { ErrorCode.TooManyStreams, StatusCode.ResourceExhausted },
        { ErrorCode.KernelFailure, StatusCode.Internal },
        { ErrorCode.NotSupported, StatusCode.Unimplemented },
        { ErrorCode.ShuttingDown, StatusCode.Unavailable },
        { ErrorCode.DevmapFull, StatusCode.ResourceExhausted },
        { ErrorCode.TokenNotFound, StatusCode.NotFound },
        { ErrorCode.Unauthenticated, StatusCode.Unauthenticated },
        { ErrorCode.PermissionDenied, StatusCode.PermissionDenied },
        { ErrorCode.PathNotFound, StatusCode.NotFound },
        { ErrorCode.MethodNotAllowed, StatusCode.Unimplemented },
        { ErrorCode.UnsupportedMediaType, StatusCode.Unimplemented },
        { ErrorCode.IdempotencyKeyReused, StatusCode.FailedPrecondition },
        { ErrorCode.OwnedByOther, StatusCode.FailedPrecondition },
        { ErrorCode.TooManyDeletions, StatusCode.FailedPrecondition },
        { ErrorCode.ConfirmationPending, StatusCode.FailedPrecondition },
        { ErrorCode.ConfirmationNotFound, StatusCode.NotFound },
        { ErrorCode.RequestTooLarge, StatusCode.ResourceExhausted },
        { ErrorCode.DevmapInUse, StatusCode.FailedPrecondition },
        { ErrorCode.DevmapReadOnly, StatusCode.FailedPrecondition },
        { ErrorCode.TooManyDevmaps, StatusCode.ResourceExhausted },
        { ErrorCode.InternalError, StatusCode.Internal },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Of_EveryCode_CarriesStatusAndErrorInfo(ErrorCode code, StatusCode expected)
    {
        var error = new Error(code, "A sentence.") { Resource = "devmaps/default", Errno = 22, Remedy = new Remedy("Do this.") };

        var e = ErrorStatus.Of(error);

        Assert.Equal(expected, e.StatusCode);
        Assert.Equal("A sentence.", e.Status.Detail);
        var status = e.GetRpcStatus()!;
        Assert.Equal((int)expected, status.Code);
        Assert.Equal("A sentence.", status.Message);
        var info = status.GetDetail<ErrorInfo>()!;
        Assert.Equal(("devmapd", code.Text()), (info.Domain, info.Reason));
        Assert.Equal("22", info.Metadata["errno"]);
        Assert.Equal("Do this.", status.GetDetail<Devmapd.V1.Remedy>()!.Summary);
        Assert.Equal("devmaps/default", info.Metadata["resource"]);
        var precondition = status.GetDetail<PreconditionFailure>();
        Assert.Equal(expected == StatusCode.FailedPrecondition, precondition is not null);
        if (precondition is not null)
        {
            var violation = Assert.Single(precondition.Violations);
            Assert.Equal((code.Text(), "devmaps/default"), (violation.Type, violation.Subject));
        }

        Assert.Equal(code.IsTemporary(), status.GetDetail<RetryInfo>() is not null);
    }

    [Fact]
    public void Table_HasEveryCode() => Assert.Equal(Enum.GetValues<ErrorCode>().Order(), Table.Select(row => (ErrorCode)row[0]).Order());

    [Fact]
    public void Of_NothingKnown_LeavesTheMetadataOut() =>
        Assert.Empty(ErrorStatus.Of(new Error(ErrorCode.EntryNotFound, "x")).GetRpcStatus()!.GetDetail<ErrorInfo>()!.Metadata);

    [Fact]
    public void Of_InvalidFields_HaveTheNamesOfTheContract()
    {
        var faults = new Violations();
        faults.Add("parameters.vlanId", "must be 1 to 4094");
        faults.Add("labels.aName", "too long");
        var thrown = Assert.Throws<ControlPlaneException>(faults.ThrowIfAny);

        var status = ErrorStatus.Of(thrown.Error).GetRpcStatus()!;

        Assert.Equal("parameters.vlan_id: must be 1 to 4094; labels.aName: too long", status.Message);
        Assert.Equal(
            ["parameters.vlan_id", "labels.aName"], status.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public void Of_InvalidFieldsOfTheSpec_ArePathsOfTheRequest()
    {
        var violations = new Violations();
        violations.Add("interface", "must be given");
        violations.Add("egressProgram", "bad");
        violations.Add("labels.a.b", "too long");
        violations.Add("body", "must be given");
        var error = Assert.Throws<ControlPlaneException>(violations.ThrowIfAny).Error;

        Assert.Equal(["spec.interface", "spec.egress_program", "spec.labels.a.b", "spec"], Fields(Devmapd.V1.PutEntryRequest.Descriptor));
        Assert.Equal(["interface", "egress_program", "spec.labels.a.b", "spec"], Fields(Devmapd.V1.PutAttachmentRequest.Descriptor));

        IEnumerable<string> Fields(MessageDescriptor request) =>
            ErrorStatus.Of(error, request).GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field);
    }

    [Fact]
    public void Of_WriterBusy_SaysWhenToTryAgain()
    {
        var error = new Error(ErrorCode.WriterBusy, "x") { RetryAfter = TimeSpan.FromMilliseconds(1500) };

        Assert.Equal(TimeSpan.FromMilliseconds(1500), ErrorStatus.Of(error).GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());
    }

    [Fact]
    public void Of_VerifierLog_KeepsItsEnd()
    {
        var log = new string('.', 100_000) + "R1 invalid mem access 'scalar'";

        var detail = ErrorStatus.Of(new Error(ErrorCode.KernelFailure, "x") { VerifierLog = log }).GetRpcStatus()!.GetDetail<DebugInfo>()!.Detail;

        Assert.EndsWith("R1 invalid mem access 'scalar'", detail, StringComparison.Ordinal);
        Assert.True(detail.Length < 2000);
    }

    [Fact]
    public void Of_MoreThanTrailersHold_StaysBelowWhatClientsTake()
    {
        var error = new Error(ErrorCode.InvalidArgument, new string('d', 100_000))
        {
            Fields = [.. Enumerable.Range(0, 1000).Select(i => new FieldViolation($"labels.{i}", new string('m', 1000)))],
            Remedy = new Remedy("Do this."),
            VerifierLog = new string('v', 100_000),
        };

        var e = ErrorStatus.Of(error);

        var size = e.Trailers.Sum(t => t.Key.Length + (t.ValueBytes.Length * 4 / 3)) + e.Status.Detail.Length;
        Assert.True(size < 8192, $"{size}");
        Assert.NotEmpty(e.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations);
    }
}
