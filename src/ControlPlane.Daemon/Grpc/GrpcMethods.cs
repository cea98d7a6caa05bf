namespace ControlPlane.Daemon.Grpc;

/// <summary>
/// Under this type the calls of the contract are mapped. It is empty: the calls go to the services, which are singletons,
/// so that no call has to construct one.
/// </summary>
internal sealed class GrpcMethods;
