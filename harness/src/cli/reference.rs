use super::args::{
    AeArguments, ConnectionArguments, ConsumerArguments, CseArguments, Openc2Binding, ProducerArguments,
    ReferenceOptions, ReferenceRole,
};
use super::{Exit, Failure};
use touchstone_fixtures::reference::{
    AeOptions, ConnectionOptions, ConsumerOptions, CseOptions, Draft, ProducerOptions, ReferenceError, TlsOptions,
    Wd01Names, run_ae, run_consumer, run_cse, run_producer,
};

/// `touchstone reference ROLE`: runs until a signal ends it.
pub(super) fn reference(options: &ReferenceOptions) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::internal)?;
    let ended = match &options.role {
        ReferenceRole::Consumer(arguments) => runtime.block_on(run_consumer(consumer(arguments))),
        ReferenceRole::Producer(arguments) => runtime.block_on(run_producer(producer(arguments))),
        ReferenceRole::Ae(arguments) => runtime.block_on(run_ae(ae(arguments))),
        ReferenceRole::Cse(arguments) => runtime.block_on(run_cse(cse(arguments))),
    };
    match ended {
        Ok(()) => Ok(Exit::Conforms),
        Err(
            error @ (ReferenceError::UnknownMutant(_)
            | ReferenceError::NotLoopback(_)
            | ReferenceError::Identifier(_)
            | ReferenceError::Tls(_)),
        ) => Err(Failure::usage(error)),
        Err(error) => Err(Failure::internal(error)),
    }
}

fn consumer(arguments: &ConsumerArguments) -> ConsumerOptions {
    ConsumerOptions {
        connection: connection(&arguments.connection),
        draft: draft(arguments.binding),
        names: Wd01Names {
            device_type: arguments.device_type.clone(),
            action_targets: arguments.action_targets.clone(),
            actions: arguments.actions.clone(),
        },
        device_id: arguments.device_id.clone(),
        profiles: arguments.profiles.clone(),
        without: arguments.without.clone(),
        wildcard: arguments.wildcard,
    }
}

fn producer(arguments: &ProducerArguments) -> ProducerOptions {
    ProducerOptions {
        connection: connection(&arguments.connection),
        draft: draft(arguments.binding),
        identity: arguments.identity.clone(),
        http: arguments.http,
    }
}

fn draft(binding: Openc2Binding) -> Draft {
    match binding {
        Openc2Binding::Wd04 => Draft::Wd04,
        Openc2Binding::Wd01 => Draft::Wd01,
    }
}

fn cse(arguments: &CseArguments) -> CseOptions {
    CseOptions {
        connection: connection(&arguments.connection),
        cse_id: arguments.cse_id.clone(),
        cse_name: arguments.cse_name.clone(),
        originator: arguments.originator.clone(),
    }
}

fn ae(arguments: &AeArguments) -> AeOptions {
    AeOptions {
        connection: connection(&arguments.connection),
        ae_id: arguments.ae_id.clone(),
        registrar: arguments.registrar.clone(),
        app_id: arguments.app_id.clone(),
        credential: arguments.credential.clone(),
    }
}

fn connection(arguments: &ConnectionArguments) -> ConnectionOptions {
    ConnectionOptions {
        server: arguments.server.clone(),
        keep_alive: arguments.keep_alive,
        credentials: arguments.username.clone().zip(arguments.password.clone()),
        state_dir: arguments.state_dir.clone(),
        qos: arguments.qos,
        unsubscribe: arguments.unsubscribe,
        tls: arguments.tls.then(|| TlsOptions {
            ca: arguments.ca.clone().unwrap_or_default(),
            identity: arguments.cert.clone().zip(arguments.key.clone()),
        }),
        websocket: arguments.websocket,
        mutant: arguments.mutant.clone(),
    }
}
