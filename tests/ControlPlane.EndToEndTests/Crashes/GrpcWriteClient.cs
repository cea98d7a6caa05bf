using ControlPlane.EndToEndTests.Support;
using Devmapd.V1;
using Google.Rpc;
using Grpc.Core;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>Writes by gRPC, with <c>expected_revision</c>.</summary>
internal sealed class GrpcWriteClient(ChannelBase channel) : IWriteClient
{
    private readonly DevmapService.DevmapServiceClient _devmaps = new(channel);
    private readonly ProgramService.ProgramServiceClient _programs = new(channel);

    public bool HasMustExist => false;

    public async Task<ResourceVersion> PutEntryAsync(DesiredEntry desired, Precondition expected)
    {
        var request = new PutEntryRequest
        {
            Devmap = desired.Devmap,
            Key = desired.Key,
            Spec = new() { Interface = desired.Target, Labels = { desired.Labels.ToDictionary() } },
            AllowPending = desired.AllowPending,
        };
        if (desired.Program is not null)
            request.Spec.EgressProgram = desired.Program;
        if (Revision(expected) is { } revision)
            request.ExpectedRevision = revision;
        return ResourceVersions.Of((await AnswerAsync(_devmaps.PutEntryAsync(request))).Entry);
    }

    public Task DeleteEntryAsync(string devmap, string key, Precondition expected)
    {
        var request = new DeleteEntryRequest { Devmap = devmap, Key = key };
        if (Revision(expected) is { } revision)
            request.ExpectedRevision = revision;
        return AnswerAsync(_devmaps.DeleteEntryAsync(request));
    }

    public async Task<ResourceVersion> PutProgramAsync(string name, uint vlan, Precondition expected)
    {
        var request = new PutProgramRequest
        {
            Program = name,
            Spec = new() { Template = EgressTemplate.PushVlan, Parameters = new() { VlanId = vlan } },
        };
        if (Revision(expected) is { } revision)
            request.ExpectedRevision = revision;
        return ResourceVersions.Of((await AnswerAsync(_programs.PutProgramAsync(request))).Program);
    }

    public Task DeleteProgramAsync(string name, Precondition expected)
    {
        var request = new DeleteProgramRequest { Program = name };
        if (Revision(expected) is { } revision)
            request.ExpectedRevision = revision;
        return AnswerAsync(_programs.DeleteProgramAsync(request));
    }

    public async Task<ResourceVersion> AttachAsync(string devmap, string ingress, Precondition expected)
    {
        var request = new PutAttachmentRequest { Devmap = devmap, Interface = ingress, Spec = new() { Mode = AttachMode.Native } };
        if (Revision(expected) is { } revision)
            request.ExpectedRevision = revision;
        return ResourceVersions.Of((await AnswerAsync(_devmaps.PutAttachmentAsync(request))).Attachment);
    }

    public Task DetachAsync(string devmap, string ingress, Precondition expected)
    {
        var request = new DeleteAttachmentRequest { Devmap = devmap, Interface = ingress };
        if (Revision(expected) is { } revision)
            request.ExpectedRevision = revision;
        return AnswerAsync(_devmaps.DeleteAttachmentAsync(request));
    }

    private static long? Revision(Precondition expected) => expected.MustNotExist ? 0 : expected.Revision;

    // An error without a code of the catalogue does not come from the daemon.
    private static async Task<TAnswer> AnswerAsync<TAnswer>(AsyncUnaryCall<TAnswer> call)
    {
        try
        {
            return await call;
        }
        catch (RpcException e) when (e.GetRpcStatus()?.GetDetail<ErrorInfo>() is { } info)
        {
            throw new RefusedException(info.Reason, e.Status.Detail);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown)
        {
            throw new NoAnswerException(e);
        }
    }
}
