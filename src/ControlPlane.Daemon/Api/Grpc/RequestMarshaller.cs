using ControlPlane.Core.Errors;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Reads requests strictly: what protobuf cannot read, and fields that the contract does not have, are
/// <see cref="ErrorCode.InvalidArgument"/>.
/// </summary>
internal static class RequestMarshaller
{
    /// <summary>The marshaller of one request message.</summary>
    public static Marshaller<T> For<T>() where T : class
    {
        var descriptor = ((IMessage)Activator.CreateInstance<T>()).Descriptor;
        var parser = descriptor.Parser;
        return new Marshaller<T>(
            (_, _) => throw new NotSupportedException("the daemon sends no requests"),
            context => Read(context.PayloadAsNewBuffer()));

        T Read(byte[] payload)
        {
            try
            {
                var message = parser.ParseFrom(payload);
                Violations? violations = null;
                UnknownFields.Report(payload, descriptor, ref violations);
                violations?.ThrowIfAny();
                return (T)message;
            }
            catch (InvalidProtocolBufferException e)
            {
                throw ErrorStatus.Of(RequestErrors.Malformed(descriptor.FullName, e.Message), descriptor, e);
            }
            catch (ControlPlaneException e)
            {
                // Interceptors come after the marshaller, so this is rendered here.
                throw ErrorStatus.Of(e.Error, descriptor, e);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or IndexOutOfRangeException or OverflowException)
            {
                throw ErrorStatus.Of(RequestErrors.Malformed(descriptor.FullName, "its fields do not end where it does"), descriptor, e);
            }
        }
    }
}
